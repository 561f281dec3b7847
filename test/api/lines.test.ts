/** A reader who does not read: bounded memory, a last line, and an end, over real sockets. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { Lines } from "../../node/api/lines.ts";

const BOUND_BYTES = 64 * 1024;
let server: Server | undefined;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.closeAllConnections();
  server?.close();
});

/** A stream, and the socket of its reader, paused before the first byte. */
async function stream(): Promise<{ readonly lines: Lines; readonly waiting: () => number; readonly reader: Socket }> {
  const asked = Promise.withResolvers<{ readonly lines: Lines; readonly waiting: () => number }>();
  server = createServer((_, response) =>
    asked.resolve({ lines: new Lines(response, BOUND_BYTES), waiting: () => response.writableLength }),
  );
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const reader = connect(port, "127.0.0.1");
  sockets.push(reader);
  reader.pause();
  reader.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  return { ...(await asked.promise), reader };
}

const LINE = { note: "x".repeat(1_000) };

it("is dropped when more waits than the bound, and finds the reason as the last line", async () => {
  const { lines, waiting, reader } = await stream();
  let sent = 0;
  while (!lines.gone.aborted) {
    lines.send(LINE);
    expect(waiting()).toBeLessThan(BOUND_BYTES + 2_000);
    // Sockets take what they can only between turns of the loop.
    if (++sent % 16 === 0) await new Promise(setImmediate);
    if (sent > 100_000) throw new Error("never dropped");
  }
  const chunks: Buffer[] = [];
  reader.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  await expect
    .poll(() => Buffer.concat(chunks).toString("utf8").slice(-400), { timeout: 20_000 })
    .toContain('{"event":"dropped","reason":"slow-reader"');
});

it("says nothing after its last line", async () => {
  const { lines, reader } = await stream();
  lines.send({ event: "first" });
  lines.end({ event: "last" });
  lines.send({ event: "late" });
  lines.end({ event: "later" });
  const text = await new Promise<string>((resolve) => {
    let heard = "";
    reader.setEncoding("utf8").on("data", (chunk: string) => {
      heard += chunk;
      if (heard.includes("\r\n0\r\n")) resolve(heard);
    });
    reader.resume();
  });
  expect(text.match(/"event":"[a-z]+"/g)).toEqual(['"event":"first"', '"event":"last"']);
});
