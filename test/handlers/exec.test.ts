/** Agents that are programs, with real ones: what they are told, how they answer, what they may see. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { HANDLER } from "../../node/handlers/mod.ts";
import { agentOf, ending, run, shell } from "./helpers.ts";

test("it gets one JSON object on stdin and answers on stdout", async () => {
  const input = { text: 'Zwölf "Boxkämpfer" 🥊\n\u2028\\', list: [1, -0.5e-7, null, true, {}], "": { __proto__: "x" } };
  const ran = await run(shell("cat"), { input, deadline_ms: 1234.9 });
  expect(ran).toEqual({
    cost: 0,
    toolTrace: [],
    ok: true,
    output: {
      task: "t1",
      skill: "test.it@1",
      input: JSON.parse(JSON.stringify(input)),
      fence: 8,
      deadlineMs: 1234,
    },
    ms: expect.any(Number),
  });
});

test("a program of awk works", async () => {
  const agent = agentOf({ kind: "exec", argv: ["awk", '{ n += NF } END { printf "{\\"words\\": %d}\\n\\n", n }'] });
  expect(ending(await run(agent, { input: "one two three" }))).toEqual(["ok", false, '{"words":3}']);
});

test("it runs in the config's folder, and so do relative paths", async () => {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-exec-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, "here.sh"), '#!/bin/sh\nprintf \'"%s"\' "$(pwd -P)"\n', { mode: 0o755 });
  const agent = agentOf({ kind: "exec", argv: ["./here.sh"] }, { dir });
  expect(ending(await run(agent))).toEqual(["ok", false, JSON.stringify(dir)]);
});

test("it sees PATH, HOME, LANG, TMPDIR and what is allowed, nothing else", async () => {
  vi.stubEnv("MOOT_TEST_SECRET", "do not tell");
  vi.stubEnv("MOOT_TEST_OPEN", "tell");
  vi.stubEnv("LANG", "C");
  const agent = agentOf(
    {
      kind: "exec",
      argv: [
        "awk",
        'BEGIN { for (name in ENVIRON) all = all sprintf("%s\\"%s\\"", all ? "," : "", name); print "[" all "]" }',
      ],
    },
    { env: ["MOOT_TEST_OPEN", "MOOT_TEST_NOT_SET"] },
  );
  const ran = await run(agent);
  const allowed = ["PATH", "HOME", "LANG", "TMPDIR", "MOOT_TEST_OPEN", "_"];
  expect(ran.ok && Array.isArray(ran.output) && ran.output.filter((name) => !allowed.includes(name))).toEqual([]);
  expect(ran.ok && ran.output).toContain("MOOT_TEST_OPEN");
  expect(ending(await run(shell('test -z "$MOOT_TEST_SECRET" && echo 1')))[2]).toBe("1");
});

test("exit 75 asks for another try, anything else failed with the tail of stderr", async () => {
  expect(ending(await run(shell("echo come back later >&2; exit 75")))).toEqual(["retry", true, "come back later"]);
  expect(ending(await run(shell("exit 75")))).toEqual(["retry", true, "it asked for another try"]);
  expect(ending(await run(shell("echo '{}'; echo bad luck >&2; exit 3")))).toEqual(["error", false, "bad luck"]);
  expect(ending(await run(shell("exit 4")))[2]).toContain("exit code 4");
  expect(ending(await run(shell("kill -9 $$")))[2]).toContain("SIGKILL");
});

test("of a long stderr the last 2 KiB are kept, in whole characters", async () => {
  const script = 'awk \'BEGIN { for (i = 0; i < 40000; i++) printf "é%d ", i; print "the end" }\' >&2; exit 1';
  const [reason, , message] = ending(await run(shell(script)));
  expect(reason).toBe("error");
  expect(message.endsWith("é39999 the end")).toBe(true);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(HANDLER.tail_bytes);
  expect(Buffer.byteLength(message)).toBeGreaterThan(HANDLER.tail_bytes - 8);
  expect(message).not.toContain("\ufffd");
});

test.each([
  ["nothing", ":", "printed nothing"],
  ["words", "echo hello there", '"hello there"'],
  ["two values", "echo '{} {}'", "{} {}"],
  ["half a value", "printf '{\"a\":'", "not JSON"],
  ["what is not UTF-8", "printf '\"\\377\\376\"'", "not UTF-8"],
  ["a number beyond all", "echo '{\"a\":1e999}'", "Infinity"],
  [
    "too deep",
    'awk \'BEGIN { for (i = 0; i < 30000; i++) printf "["; for (i = 0; i < 30000; i++) printf "]" }\'',
    "not JSON",
  ],
  [
    "somewhat deep",
    'awk \'BEGIN { for (i = 0; i < 65; i++) printf "["; for (i = 0; i < 65; i++) printf "]" }\'',
    "64 levels",
  ],
])("garbage on stdout is an invalid output: %s", async (_, script, words) => {
  const [reason, retryable, message] = ending(await run(shell(script)));
  expect([reason, retryable]).toEqual(["invalid-output", true]);
  expect(message).toContain(words);
  expect(message.length).toBeLessThan(400);
});

test("lines of progress are told, and are no part of a message", async () => {
  const seen: unknown[] = [];
  const script = `echo started >&2; echo progress 0 >&2; echo 'progress 0.25  a quarter é' >&2; echo progress 2 >&2
    printf 'prog' >&2; printf 'ress .5\\r\\n' >&2; echo 'progress 1.0' >&2; printf 'progress 0.9' >&2; exit 1`;
  const ran = await run(shell(script), {}, { onEntry: (entry) => seen.push(entry) });
  const said = [{ done: 0 }, { done: 0.25, note: "a quarter é" }, { done: 0.5 }, { done: 1 }];
  expect(seen).toEqual(said.map((entry) => ({ type: "progress", ...entry })));
  expect(ending(ran)[2]).toBe("started\nprogress 2\nprogress 0.9");
});

test("one that does not read its input is none the worse", async () => {
  const input = { text: "x".repeat(60_000) };
  expect(ending(await run(shell("exec <&-; echo 1"), { input }))).toEqual(["ok", false, "1"]);
  expect(ending(await run(shell("echo 2"), { input: "x".repeat(5_000_000) }))).toEqual(["ok", false, "2"]);
});

test("what cannot be started says why, and what to do", async () => {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-exec-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, "plain.sh"), "#!/bin/sh\necho 1\n");
  writeFileSync(join(dir, "lost.sh"), "#!/no/such/interpreter\n");
  chmodSync(join(dir, "lost.sh"), 0o755);
  const cases = [
    [["no-such-program-here"], dir, "install it"],
    [["./none.sh"], dir, "no such file"],
    [["./lost.sh"], dir, "#!"],
    [["./plain.sh"], dir, "chmod +x ./plain.sh"],
    [["sh"], join(dir, "gone"), "gone does not exist"],
    [["sh", "a\0b"], dir, "cannot start sh"],
    [[], dir, "cannot start"],
  ] as const;
  for (const [argv, cwd, words] of cases) {
    const [reason, retryable, message] = ending(await run(agentOf({ kind: "exec", argv }, { dir: cwd })));
    expect([reason, retryable]).toEqual(["spawn", true]);
    expect(message).toContain(words);
  }
});
