/** `moot init`: the files that a first node needs. */
import { relative, resolve } from "node:path";
import { Command } from "commander";
import { print, printJson, talk } from "./output.ts";

export function initCommand(): Command {
  return new Command("init")
    .description("write a commented moot.yaml, a network key (0600) and an agent that works as it is")
    .argument("[dir]", "the folder, made when it is missing", ".")
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      "\nExamples:\n  $ moot init my-node && cd my-node && moot up\n\nNothing is ever overwritten. Copy network.key, and nothing else, to the network's other machines.",
    )
    .action(async (dir: string, options: { readonly json?: boolean }) => {
      const { initConfig } = await import("../config/mod.ts");
      const files = initConfig(resolve(dir));
      if (options.json === true) return printJson({ files });
      for (const file of files) print(relative(process.cwd(), file));
      talk(`next: ${dir === "." ? "" : `cd ${dir} && `}moot up`);
    });
}
