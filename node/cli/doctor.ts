/** `moot doctor`: what is wrong on this machine, and how to mend it. Reads and asks; changes nothing. */
import { Command } from "commander";
import type { Finding } from "./doctor/finding.ts";
import { EXIT } from "./exits.ts";
import { type ClientOptions, forClients } from "./options.ts";
import { paint, plural, print, printJson, talk, visibleLines } from "./output.ts";

const SIGNS = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;
const STYLES = { ok: "green", warn: "yellow", fail: "red" } as const;

export function doctorCommand(): Command {
  return forClients(new Command("doctor"))
    .description("check this machine's node: config, keys, data, network; says what is wrong and how to mend it")
    .addHelpText(
      "after",
      "\nExamples:\n  $ moot doctor\n  $ moot doctor --json | jq -r '.checks[] | select(.level == \"fail\") | .remedy'\n\nExits 0 when nothing fails (warnings are no failures), else 1.",
    )
    .action(async (options: ClientOptions) => {
      const { check } = await import("./checks.ts");
      const checks = await check(options);
      const failed = checks.filter((one) => one.level === "fail").length;
      if (failed > 0) process.exitCode = EXIT.internal;
      if (options.json === true) return printJson({ ok: failed === 0, checks });
      for (const one of checks) print(lineOf(one));
      const warned = checks.filter((one) => one.level === "warn").length;
      talk(failed + warned === 0 ? "nothing to mend" : `${plural(failed, "failure")}, ${plural(warned, "warning")}`);
    });
}

/** One finding, with its remedy below. */
export function lineOf({ name, level, detail, remedy }: Finding): string {
  const indented = visibleLines(detail).replaceAll("\n", `\n${" ".repeat(18)}`);
  const head = `${paint(STYLES[level], SIGNS[level])}  ${name.padEnd(11)} ${indented}`;
  return remedy === undefined ? head : `${head}\n${" ".repeat(18)}${paint("dim", `remedy: ${visibleLines(remedy)}`)}`;
}
