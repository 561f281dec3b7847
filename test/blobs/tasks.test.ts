/** Blobs on their way through tasks, between real nodes: input and output, functions and programs, and what is refused. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blobRef } from "../../protocols/mod.ts";
import { all, bytesOf, MIB, once, sha256, start } from "./nodes.ts";

const SHELL = `
  - name: shell
    handler: { exec: [sh, -c, 'SCRIPT'] }
    timeout_ms: 20000
    skills: [{ name: data.shell@1, effects: none, expected_ms: 50 }]
`;
const shell = (script: string) => SHELL.replace("SCRIPT", script.replaceAll("'", "''"));

describe("a task with blobs", () => {
  it("has 1 MiB brought to its contractor, and 1 MiB back", async () => {
    const one = await start();
    const two = await start({ join: [one.node], agent: true });
    await Promise.all([one.node.ready(), two.node.ready()]);
    const data = bytesOf(MIB + 12_345);
    const ref = await one.node.blobs.put(once(data));
    const task = await one.node.submit({ skill: "data.hash@1", input: { data: ref, echo: true }, custodians: 1 });
    const { status, result } = await one.node.outcome(task);
    expect(status).toBe("done");
    expect(result).toMatchObject({
      sha256: sha256(data),
      bytes: data.length,
      made: { media: "text/plain", from: [two.node.self] },
    });
    const made = blobRef.parse((result as { made: unknown }).made);
    await one.node.blobs.get(made);
    const back = await all(one.node.blobs.read(made.$blob));
    expect(back.subarray(-data.length).equals(data)).toBe(true);
    expect(two.node.blobs.received_bytes).toBe(data.length);
    expect(one.node.blobs.received_bytes).toBe(back.length);
  });

  it("gives a program a path to read and takes files from its scratch folder, which is gone afterwards", async () => {
    const script = `cat > $MOOT_SCRATCH/in; mkdir $MOOT_SCRATCH/d; p=$(sed "s/.*\\"path\\":\\"\\([^\\"]*\\)\\".*/\\1/" $MOOT_SCRATCH/in); cat "$p" "$p" > $MOOT_SCRATCH/d/out; printf '{"twice":{"$file":"d/out","media":"a/b"}}'`;
    const { node, dir } = await start({ agent: shell(script) });
    await node.ready();
    const data = bytesOf(300_000);
    const ref = await node.blobs.put(once(data));
    const task = await node.submit({ skill: "data.shell@1", input: { data: ref } });
    const { result, failure } = await node.outcome(task);
    expect(failure).toBeUndefined();
    const { twice } = result as { twice: unknown };
    expect(twice).toMatchObject({ bytes: 600_000, media: "a/b" });
    expect((await all(node.blobs.read(blobRef.parse(twice).$blob))).equals(Buffer.concat([data, data]))).toBe(true);
    expect(readdirSync(join(dir, "data", "scratch"))).toEqual([]);
  });

  it.each([
    ["a link", `ln -s /etc/hostname $MOOT_SCRATCH/x`, "x", "is a link"],
    ["a linked folder", `ln -s /etc $MOOT_SCRATCH/x`, "x/hostname", "leads out"],
    ["a way out", "true", "../../identity.key", "leads out"],
    ["an absolute path", "true", "/etc/hostname", "leads out"],
    ["a pipe", "mkfifo $MOOT_SCRATCH/x", "x", "is no file"],
    ["nothing", "true", "x", "there is no file x"],
  ])("refuses %s as an output file", async (_name, act, file, why) => {
    const { node, dir } = await start({ agent: shell(`${act}; printf '{"$file":"${file}"}'`) });
    await node.ready();
    const task = await node.submit({ skill: "data.shell@1", input: null, attempts_max: 1 });
    const { status, failure } = await node.outcome(task);
    expect([status, failure?.attempts[0]?.exitReason]).toEqual(["failed", "invalid-output"]);
    expect(JSON.stringify(failure)).toContain(why);
    expect(existsSync(join(dir, "data", "blobs")) && readdirSync(join(dir, "data", "blobs"))).toEqual([]);
    expect(readdirSync(join(dir, "data", "scratch"))).toEqual([]);
  });

  it("is refused at submit when nobody is named who has the blob, or the reference is none", async () => {
    const { node } = await start({ agent: true });
    await node.ready();
    const $blob = "ab".repeat(32);
    const submit = (data: unknown) => node.submit({ skill: "data.hash@1", input: { data } });
    await expect(submit({ $blob, bytes: 5 })).rejects.toMatchObject({ code: "unknown-blob" });
    await expect(submit({ $blob: "../../x", bytes: 5 })).rejects.toMatchObject({ code: "usage" });
    const ref = await node.blobs.put(once(bytesOf(10)));
    await expect(submit({ ...ref, bytes: 11 })).rejects.toMatchObject({ code: "usage" });
  });

  it("fails with what was tried when its blob cannot be had", async () => {
    const one = await start();
    const two = await start({ join: [one.node], agent: true });
    await Promise.all([one.node.ready(), two.node.ready()]);
    const data = { $blob: "ab".repeat(32), bytes: 5, from: [two.node.self] };
    const task = await one.node.submit({ skill: "data.hash@1", input: { data }, attempts_max: 1, custodians: 1 });
    const { status, failure } = await one.node.outcome(task);
    expect(status).toBe("failed");
    expect(failure?.attempts[0]).toMatchObject({
      exitReason: "retry",
      message: expect.stringContaining("does not have it"),
    });
  });
});
