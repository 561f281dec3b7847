// A minimal peer of the moot protocol, version 1: bidder and contractor, written from protocols/README.md alone.
//
// As a plain peer: `node minimal-peer.js --listen /ip4/127.0.0.1/tcp/0 --network my-moot --data folder` (and `--key file`
// for a closed network, `--dial multiaddr` to join one), until SIGTERM. Without arguments it is its own control shim
// for `moot conformance`: requests on stdin, answers on stdout, the peer a child process that a `restart` kills.
//
// minimal-peer/form.js   what may be said: values, documents, messages, envelopes
// minimal-peer/wire.js   disk, streams, topics, directory
// minimal-peer/work.js   bids, and work under awards
//
// It is no custodian, and so no initiator: what it loses when it dies others notice and do again.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Disk, Wire } from "./minimal-peer/wire.js";
import { Worker } from "./minimal-peer/work.js";

const agent = (name, concurrency) => {
  const contract = { effects: "none", idempotent: true, name: `conformance.${name}@1` }; // in the order of RFC 8785
  const digest = createHash("sha256").update(JSON.stringify(contract)).digest("hex");
  const skill = { ...contract, cost: 10, expected_ms: 10, contract: digest };
  return { name, concurrency, skills: [skill] };
};
const agents = [agent("work", 256), agent("narrow", 1)];

/** The agent of the conformance kit: its input says what to do. Never rejects: an end is an answer or a reason. */
async function handler({ input, signal, progress, partial }) {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return { reason: "invalid-input", message: "the input is no object", retryable: false };
  }
  if (Number.isInteger(input.progress)) progress(Math.min(1000, Math.max(0, input.progress)));
  try {
    for (let nth = 0; nth < (input.partials ?? 0); nth++) {
      partial(nth);
      await pause(input.every_ms ?? 0, undefined, input.deaf === true ? {} : { signal });
    }
    await pause(input.after_ms ?? 0, undefined, input.deaf === true ? {} : { signal });
  } catch {
    const [reason, message] = signal.aborted ? ["cancelled", "told to stop"] : ["invalid-input", "after_ms"];
    return { reason, message, retryable: false };
  }
  if (input.fail === undefined) return { answer: input.answer };
  const retryable = input.retry === true;
  return { reason: retryable ? "retry" : "error", message: String(input.fail).slice(0, 2048), retryable };
}

async function runPeer({ listen, network, data, key, dial }) {
  const wire = new Wire({ network, disk: new Disk(data), agents });
  const worker = new Worker({ wire, agents, handler });
  wire.worker = worker;
  const address = await wire.start({ listen, key });
  console.log(JSON.stringify({ event: "ready", address }));
  worker.begin();
  if (dial !== undefined) wire.dial(dial);
  process.on("message", () => worker.drain());
  process.on("disconnect", () => {
    rmSync(data, { recursive: true, force: true }); // the shim is gone, and the folder was its own
    process.exit();
  });
  process.on("SIGTERM", () => {
    worker.drain();
    setTimeout(() => process.exit(), 200); // for the farewell to leave
  });
}

async function runShim() {
  const network = "minimal";
  const data = mkdtempSync(join(tmpdir(), "minimal-peer-"));
  let listen = "/ip4/127.0.0.1/tcp/0";
  let child;

  const start = async () => {
    const peer = ["--listen", listen, "--network", network, "--data", data];
    child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...peer], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    for await (const line of createInterface(child.stdout)) {
      const { address } = JSON.parse(line);
      listen = address.replace(/\/p2p\/.*$/, ""); // others know it under this port
      return { address, network, can: ["restart", "drain"] };
    }
    throw new Error("the peer did not start");
  };
  const kill = () => {
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    return gone;
  };
  const end = async () => {
    rmSync(data, { recursive: true, force: true }); // first: whoever stops the shim may not wait for the rest
    if (child !== undefined) await kill();
    child = undefined;
  };
  const deeds = {
    start,
    restart: () => kill().then(start),
    drain: async () => void child.send("drain"),
    stop: () => end().then(() => void process.stdin.destroy()),
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => end().then(() => process.exit()));
  for await (const line of createInterface(process.stdin)) {
    const { id, do: what } = JSON.parse(line);
    const deed = Object.hasOwn(deeds, what) ? deeds[what]() : Promise.reject(new Error(`cannot ${what}`));
    const answer = await deed
      .then((more) => ({ ok: true, ...more }))
      .catch((error) => ({ ok: false, why: error.message }));
    console.log(JSON.stringify({ id, ...answer }));
  }
  await end();
  process.exit();
}

const text = { type: "string" };
const options = { listen: text, network: text, data: text, key: text, dial: text };
const { values } = parseArgs({ options });
if (values.network === undefined) await runShim();
else {
  const { network, listen = "/ip4/127.0.0.1/tcp/0", data = mkdtempSync(join(tmpdir(), "minimal-peer-")) } = values;
  if (values.data === undefined) process.on("exit", () => rmSync(data, { recursive: true, force: true }));
  await runPeer({ ...values, network, listen, data });
}
