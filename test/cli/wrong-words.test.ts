/** What somebody reads who typed something wrong: it names the place, the remedy, and nothing of the libraries beneath. */
import { expect, it } from "vitest";
import { checkStanding } from "../../node/cli/doctor/standing.ts";
import { run } from "../../node/cli/program.ts";
import { listenError } from "../../node/host/listening.ts";

async function typed(...argv: string[]): Promise<{ code: number; said: string }> {
  const write = process.stderr.write;
  let said = "";
  process.stderr.write = (chunk: string | Uint8Array) => {
    said += String(chunk);
    return true;
  };
  try {
    return { code: await run(argv), said };
  } finally {
    process.stderr.write = write;
  }
}

it("help for a command that is not there is an error with a suggestion", async () => {
  for (const argv of [
    ["subimt", "--help"],
    ["help", "subimt"],
  ]) {
    const { code, said } = await typed(...argv);
    expect({ argv, code }).toEqual({ argv, code: 2 });
    expect(said).toContain("Did you mean submit?");
  }
});

it("a wrong argument of a subcommand leads to the help of that subcommand", async () => {
  const { code, said } = await typed("blob", "drop", "9f86");
  expect(code).toBe(2);
  expect(said).toContain("'9f86' is not right as <digest>");
  expect(said).toContain("try: moot blob drop --help");
});

it("an address that is taken is told in the system's words alone", () => {
  const words = "Some configured addresses failed, set `faultTolerance` to NO_FATAL:\n\n  /ip4/127.0.0.1/tcp/1: ";
  const error = new Error(`${words}Error: listen EADDRINUSE: address already in use 127.0.0.1:1\n    at Server.listen`);
  expect(listenError(error)).toBe("EADDRINUSE: address already in use 127.0.0.1:1");
  expect(listenError(new Error("something else"))).toBe("something else");
});

it("doctor warns of an agent that cannot start, and of none that is ready", () => {
  const agent = { skills: [], busy: 0, concurrency: 1, sinceMs: 0 };
  const agents = [
    { ...agent, name: "well", state: "ready", why: "" },
    { ...agent, name: "ill", state: "failed", why: "the server ended" },
  ] as const;
  expect(checkStanding({ agents: [...agents] })).toMatchObject([
    { level: "warn", detail: "ill is failed: the server ended" },
  ]);
});
