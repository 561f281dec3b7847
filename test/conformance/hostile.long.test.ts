/** Peers that are no peers: whoever closes every stream, says nothing, or says noise gets clear verdicts, and the kit ends. */
import { gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Connection, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { describe, it } from "vitest";
import { NEWEST, REQUIREMENTS, runSuite, SCRIPTS, selected, verdictsOf } from "../../kit/mod.ts";
import { liveStage } from "../../node/conformance/live.ts";
import { PROTOCOLS } from "../../protocols/mod.ts";

const only = [
  "bids-when-called",
  "works-and-proposes-to-all",
  "keeps-what-it-is-named-for",
  "refuses-what-it-cannot-do",
];
const requirements = REQUIREMENTS.get(NEWEST) ?? [];

async function check(
  onStream: (stream: Stream, connection: Connection) => void,
  end: (stop: () => Promise<void>) => void,
  chosen: readonly string[] = only,
) {
  const node = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping(), pubsub: gossipsub({ globalSignaturePolicy: "StrictNoSign" }) },
  });
  end(async () => node.stop());
  for (const { id } of Object.values(PROTOCOLS)) await node.handle(id, onStream);
  const address = String(node.getMultiaddrs()[0]);
  const stage = await liveStage({
    address,
    network: "n",
    networkKey: null,
    shim: undefined,
    patience_ms: 1_000,
    salt: node.peerId.toString(),
  });
  const scripts = selected(SCRIPTS, requirements, { only: chosen });
  const played = await runSuite({ stage, scripts, requirements, lanes: 4, seed: 1, clock: () => performance.now() });
  return { played, verdicts: verdictsOf(played, requirements) };
}

it("a peer that knows neither roots nor blobs has those clauses not run, with the reason", async ({
  expect,
  onTestFinished,
}) => {
  const chosen = requirements.map(({ id }) => id).filter((id) => /^(PERM|BLOB)-/.test(id));
  const { verdicts } = await check(() => undefined, onTestFinished, chosen);
  const own = verdicts.filter(({ id }) => chosen.includes(id));
  expect(own.length).toBe(chosen.length);
  expect(own.filter(({ verdict }) => verdict !== "not-run")).toEqual([]);
  for (const { detail } of own) expect(detail).toMatch(/needs a control shim|speaks no \/moot\/blob\/1/);
});

describe.concurrent.each<[string, (stream: Stream, connection: Connection) => void]>([
  ["closes every stream", (stream) => stream.abort(new Error("no"))],
  ["never answers", () => undefined],
  [
    "sends noise",
    (stream, connection) => {
      stream.addEventListener("message", () => undefined);
      for (const { id } of Object.values(PROTOCOLS))
        connection.newStream(id).then(
          (back) => back.send(Uint8Array.from({ length: 4_096 }, (_, index) => (index * 7_919) % 251)),
          () => undefined,
        );
    },
  ],
  ["hangs up", (_, connection) => connection.abort(new Error("no"))],
])("a peer that %s", (_, onStream) => {
  it("fails what could be played, with a reason, and passes nothing", async ({ expect, onTestFinished }) => {
    const { played, verdicts } = await check(onStream, onTestFinished);
    expect(played).toHaveLength(only.length);
    expect(played.filter(({ verdict }) => verdict.type === "pass")).toEqual([]);
    const failed = verdicts.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
    expect(failed.length).toBeGreaterThan(0);
    for (const { detail = "" } of failed) expect(detail).toMatch(/did not hear|cannot reach/);
    for (const { detail = "", verdict } of verdicts) if (verdict === "not-run") expect(detail).not.toBe("");
  });
});
