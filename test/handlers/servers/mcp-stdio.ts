/** An MCP server over stdin and stdout, for tests. With `rubbish` it also prints what is no message, with `stubborn` it will not end. */
import { spawn } from "node:child_process";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { toolServer } from "./mcp-tools.ts";

if (process.argv.includes("rubbish")) {
  process.stdout.write('starting up…\n{"not": "a message"}\n[]\n\n');
  setInterval(() => process.stdout.write("still here\n"), 20);
}
if (process.argv.includes("stubborn")) {
  process.on("SIGTERM", () => undefined);
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  process.stderr.write(`child ${child.pid}\n`);
  setInterval(() => undefined, 1000);
}
serveStdio(() => toolServer());
