/**
 * An MCP server over stdin and stdout, for tests. With `rubbish` it also prints what is no message, with `stubborn` it will not end. It
 * knows both handshakes, or only one: `newer`, `older` (and says so), `strict` (and ends when it hears another), `silent` (and says nothing).
 */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
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
const starts = process.env["MOOT_TEST_STARTS"];
if (starts !== undefined) appendFileSync(starts, "started\n");

/** What comes before the older handshake is not heard, or ends it. */
function onlyOlder(strict: boolean): PassThrough {
  const heard = new PassThrough();
  let begun = false;
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      begun ||= JSON.parse(line).method === "initialize";
      if (begun) heard.write(`${line}\n`);
      else if (strict) process.exit(1);
    })
    .on("close", () => heard.end());
  return heard;
}

const [knows = "both"] = process.argv.filter((arg) => ["newer", "older", "strict", "silent"].includes(arg));
if (knows === "both") serveStdio(() => toolServer());
else if (knows === "newer") serveStdio(() => toolServer(), { legacy: "reject" });
else {
  const input = knows === "older" ? process.stdin : onlyOlder(knows === "strict");
  await toolServer().connect(new StdioServerTransport(input));
}
