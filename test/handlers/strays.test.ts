/**
 * Whose an error is that nothing caught: what the node does at a function's wish (records, sends, fetches) is the node's, and an error
 * there must end the node, not the run. What the function leaves behind is tried with real nodes (`test/processes/isolation.long.test.ts`).
 */
import { expect, test } from "vitest";
import type { HandlerBlobs } from "../../node/handlers/blobs.ts";
import { strayed } from "../../node/handlers/mod.ts";
import { parseDigest } from "../../protocols/mod.ts";
import { must } from "../host/helpers.ts";
import { module, run } from "./helpers.ts";

/** Asks, wherever it is called, whether an error there would be an agent's, and again when it has waited. */
function probe() {
  const asked = new Map<string, boolean>();
  const look = (where: string) => {
    asked.set(where, strayed(new Error(`probed at ${where}`)));
    setImmediate(() => asked.set(`${where}, later`, strayed(new Error(`probed later at ${where}`))));
  };
  return { asked, look };
}

test("what the node does for a function is nobody's but the node's", async () => {
  const { asked, look } = probe();
  const ref = { $blob: must(parseDigest("ab".repeat(32))), bytes: 7, media: "text/plain" };
  const blobs: HandlerBlobs = {
    async *open() {
      look("open");
      yield Buffer.from("one two");
    },
    path: async () => {
      look("path");
      return "/nowhere";
    },
    put: async (source) => {
      for await (const _ of source) look("put");
      return ref;
    },
  };
  const onEntry = ({ type }: { readonly type: string }) => look(type);
  const submit = async () => {
    look("submit");
    return { cost: 0, output: 1 };
  };
  const options = { onEntry, blobs, submit };
  for (const input of ["anything", "blobs", "submit"])
    expect(await run(module("wild.ts"), { input }, options)).toMatchObject({ ok: true });
  await new Promise((resolve) => setImmediate(resolve));
  expect([...asked.keys()]).toEqual(
    expect.arrayContaining(["progress", "partial", "tool", "now", "put, later", "open", "submit"]),
  );
  expect([...asked].filter(([, isAgents]) => isAgents)).toEqual([]);
});
