#!/usr/bin/env node
/**
 * The command `moot`: finds a Node that is new enough, closes one door of the language, and hands over to the CLI.
 * Plain JavaScript of 2020, so that an old Node can read it far enough to say what is wrong. On a good Node everything
 * happens in this process (a second one costs 50 ms and 40 MB); on an old one the Node that was installed with the
 * dependencies is started in its place.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

const NODE_MAJOR = 24;
/** Loading and joining a network are over by then. */
const LOADING_MS = 5000;

const here = fileURLToPath(import.meta.url);

if (major(process.versions.node) >= NODE_MAJOR) run();
else delegate();

function run() {
  // JSON from strangers must not reach prototypes by name. The CLI and all it imports come after this line.
  // biome-ignore lint/suspicious/noProto: this line is what makes the rule true at run time
  delete Object.prototype.__proto__;

  // What we use and Node calls experimental is our choice, and no news to the user.
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, type, ...rest) => {
    const name = type !== null && typeof type === "object" ? type.type : type;
    if (name !== "ExperimentalWarning") emitWarning.call(process, warning, type, ...rest);
  };

  // Little of what loading makes dies young, and room for the young that grew meanwhile stays: 40 MB (measured). So it
  // grows only afterwards, when work makes it worth its memory.
  setFlagsFromString("--semi-space-growth-factor=1");
  setTimeout(() => setFlagsFromString("--semi-space-growth-factor=2"), LOADING_MS).unref();

  // A published package holds JavaScript only: Node strips no types inside node_modules.
  const source = new URL("../cli/main.ts", import.meta.url);
  if (existsSync(source)) {
    // What strips the types costs a start 0.2 s and 20 MB; what it made is kept. Where it cannot be, nothing is lost.
    module.enableCompileCache(join(dirname(here), "../../node_modules/.cache/moot"));
    import(source.href);
  } else import(new URL("../../dist/node/cli/main.js", import.meta.url).href);
}

function delegate() {
  const bundled = bundledNode();
  if (bundled === undefined) return stop("no newer one was installed with it");

  const child = spawn(bundled, [here].concat(process.argv.slice(2)), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // A terminal's Ctrl-C has reached the child already, and a second one means "at once".
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => stop(`${bundled} does not start: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The Node that npm installed as an optional dependency, wherever above this file it was put. */
function bundledNode() {
  const require = createRequire(import.meta.url);
  for (const prefix of ["node", "node-bin"]) {
    try {
      const manifest = require.resolve(`${prefix}-${process.platform}-${process.arch}/package.json`);
      const binary = join(dirname(manifest), "bin", "node");
      if (major(JSON.parse(readFileSync(manifest, "utf8")).version) >= NODE_MAJOR && existsSync(binary)) return binary;
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

function stop(why) {
  const remedy = `run "npm ci" in ${join(dirname(here), "../..")}, or install Node ${NODE_MAJOR} or later`;
  process.stderr.write(`moot: Node ${process.versions.node} is too old, and ${why}: ${remedy}\n`);
  process.exit(1);
}

function major(version) {
  return Number(version.split(".")[0]);
}
