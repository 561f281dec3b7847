/** Bad configs: each problem with its line, its field, what is wrong and what would be right; all of them at once. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { faultOf, folder, told, withSkill } from "./helpers.ts";

test("all problems are told at once, in the order of the file", async () => {
  const text = `network: { nme: my-moot }
listn: 3
listen: [/ip4/127.0.0.1/tcp/x, 5]
api: 0.0.0.0:80
data:
agents:
  - name: a b
    handler: { webhook: 3 }
    concurency: 2
    timeout_ms: 0
    skills:
      - name: text.count
        cost: cheap
        effects: some
      - description: 5
  - skills: []
`;
  expect(await told(text)).toEqual([
    "1:12: network.nme is not a key; did you mean name?",
    "2:1: listn is not a key; did you mean listen?",
    '3:10: listen[0] is "/ip4/127.0.0.1/tcp/x"; it must be a TCP multiaddr such as /ip4/0.0.0.0/tcp/4001',
    "3:32: listen[1] is 5; it must be a TCP multiaddr such as /ip4/0.0.0.0/tcp/4001",
    '4:6: api is "0.0.0.0:80"; it must be a loopback address such as 127.0.0.1:0, or unix:./moot.sock',
    "5:6: data is empty; it must be a path to a folder",
    `7:11: agents[0].name is "a b"; it must be a name of letters, digits, '-', '_' and '.', at most 64`,
    "8:25: agents[0].handler.webhook is 3; it must be a URL such as https://example.com/count, or a map such as { url: https://example.com/count, headers: {} }",
    "9:5: agents[0].concurency is not a key; did you mean concurrency?",
    "10:17: agents[0].timeout_ms is 0; it must be a whole number of milliseconds, from 1 to 86400000",
    '12:15: agents[0].skills[0].name is "text.count"; it must be a lower-case dotted name and a major version, such as text.count@1',
    '13:15: agents[0].skills[0].cost is "cheap"; it must be a number, 0 or more',
    '14:18: agents[0].skills[0].effects is "some"; it must be none, read, write, or a list of what is touched',
    "15:9: agents[0].skills[1].name is missing; give a lower-case dotted name and a major version, such as text.count@1",
    "15:22: agents[0].skills[1].description is 5; it must be a text",
    "16:5: agents[1].name is missing; give a name of letters, digits, '-', '_' and '.', at most 64",
    "16:5: agents[1].handler is missing; give a map such as { exec: [./count.sh] } or { module: ./agent.ts }",
    "16:13: agents[1].skills is a list of 0; it must be a list of at least one skill",
  ]);
});

test("problems are data too", async () => {
  const fault = await faultOf(() => parseConfig("agents: []\nzzzzzzzzzz: 1", "some/moot.yaml"));
  expect(fault.code).toBe("config");
  expect(fault.details).toEqual({
    problems: [
      {
        file: "some/moot.yaml",
        line: 2,
        column: 1,
        path: "zzzzzzzzzz",
        problem: "is not a key",
        remedy: "the keys here are network, listen, join, data, blobs, api, records, journal, agents",
      },
    ],
  });
});

test.each([
  ["", "1:1: agents is missing; give a list of agents ([] for a peer that only helps)"],
  ["- 1", "1:1: is a list of 1; it must be a map with at least the key agents"],
  ["agents: [1, 2", "1:14: "],
  ["agents: []\nagents: []", "2:1: Map keys must be unique; keep one of the two"],
  ["agents: !mine []", "1:9: Unresolved tag: !mine; mend the YAML here"],
  ["agents: []\n\tapi: x", "2:1: "],
])("a file that is no config: %j", async (text, words) => {
  expect((await told(text))[0]).toContain(words);
});

test("a handler is exactly one thing, and that is there", async () => {
  const dir = folder({ "plain.sh": "#!/bin/sh\n", "agent.ts": "" });
  const handler = async (text: string) => told(withSkill().replace("{ exec: [sh] }", text), dir);
  expect(await handler("{}")).toEqual([
    expect.stringMatching(/^3:14: agents\[0\]\.handler names no handler; give one of exec, module/),
  ]);
  expect(await handler("{ exec: [sh], module: ./agent.ts }")).toEqual([
    expect.stringMatching(/^3:14: agents\[0\]\.handler names 2 handlers; give one of exec, module/),
  ]);
  expect((await handler("{ exec: sh }"))[0]).toContain(
    'exec is "sh"; it must be a list of a program and its arguments',
  );
  expect((await handler("{ exec: [] }"))[0]).toContain("exec is a list of 0; it must be a list of a program");
  expect((await handler("{ exec: { argv: sh } }"))[0]).toContain('exec.argv is "sh"; it must be a list of a program');
  expect((await handler("{ exec: { argv: [sh], memory_md: 64 } }"))[0]).toContain("did you mean memory_mb?");
  expect((await handler("{ exec: { argv: [sh], memory_mb: 0 } }"))[0]).toContain(
    "a whole number of megabytes from 1 to",
  );
  expect((await handler("{ exec: { argv: [./none.sh] } }"))[0]).toContain("none.sh, which is not a file");
  expect((await handler("{ mcp: { command: [./none.sh], tool: x } }"))[0]).toContain("none.sh, which is not a file");
  expect((await handler("{ exec: [no-such-program] }"))[0]).toContain("no folder in PATH has; install it");
  expect((await handler("{ exec: [./none.sh] }"))[0]).toContain(`names ${join(dir, "none.sh")}, which is not a file`);
  expect((await handler("{ exec: [./plain.sh] }"))[0]).toContain("which is not executable; run chmod +x");
  expect((await handler("{ module: ./none.ts }"))[0]).toContain("none.ts, which is not a file");
});

test("a broken schema is told with its own line, inline or in its file", async () => {
  const dir = folder({
    "broken.json": '{ "type": ',
    "wrong.json": '{ "properties": { "a": { "type": "strin" } } }',
    "list.json": "[]",
  });
  const inline = await told(withSkill("input:", "  type: object", "  properties:", "    text: { type: strin }"), dir);
  expect(inline[0]).toMatch(
    /^9:27: agents\[0\]\.skills\[0\]\.input\.properties\.text\.type is not a usable JSON Schema: /,
  );
  const inList = await told(withSkill("input: { anyOf: [{ type: object }, { type: 5 }] }"), dir);
  expect(inList[0]).toMatch(/^6:52: agents\[0\]\.skills\[0\]\.input\.anyOf\[1\]\.type is not a usable/);
  expect((await told(withSkill("output: { requierd: [a] }"), dir))[0]).toContain('unknown keyword: "requierd"');
  expect((await told(withSkill("output: 5"), dir))[0]).toContain(
    "output is not a JSON Schema; give a JSON Schema (2020-12) as a map",
  );
  expect((await told(withSkill("output: ./none.json"), dir))[0]).toMatch(/^6:17: .*none\.json, which cannot be used/);
  expect((await told(withSkill("output: ./broken.json"), dir))[0]).toMatch(
    /^6:17: .*broken\.json, which cannot be used/,
  );
  expect((await told(withSkill("output: ./wrong.json"), dir))[0]).toContain(
    "(at properties/a/type); mend the schema in that file",
  );
  expect((await told(withSkill("output: ./list.json"), dir))[0]).toContain("which is not a JSON Schema");
});

test("a network's key is there, private and a key", async () => {
  const dir = folder({ "short.key": "/key/swarm/psk/1.0.0/\n/base16/\nabcd\n", "open.key": "x" });
  chmodSync(join(dir, "open.key"), 0o644);
  const key = async (name: string) => (await told(`network: { key: ./${name} }\nagents: []`, dir))[0];
  expect(await key("none.key")).toMatch(/^1:17: network\.key names .*none\.key, which does not exist; run moot init/);
  expect(await key("short.key")).toContain("which is not a libp2p pre-shared key");
  expect(await key("open.key")).toContain("others can read (mode 0644); run chmod 600");
  writeFileSync(join(dir, "large.key"), "x".repeat(1_000_000), { mode: 0o600 });
  expect(await key("large.key")).toContain("which is not a libp2p pre-shared key");
});

test("without a key, only this machine is served", async () => {
  expect(await told("listen: [/ip4/127.0.0.1/tcp/1, /ip4/0.0.0.0/tcp/1]\nagents: []")).toEqual([
    "1:32: listen[1] is /ip4/0.0.0.0/tcp/1, and no key closes the network; give network.key, or listen on /ip4/127.0.0.1/tcp/0",
  ]);
  for (const one of ["/ip6/::1/tcp/1", "/dns4/localhost/tcp/1", "/ip4/127.8.9.1/tcp/1"])
    parseConfig(`listen: ["${one}"]\nagents: []`, "moot.yaml");
});

test("names are used once, also where something else is wrong", async () => {
  const agent = "{ name: a, handler: { exec: [sh] }, skills: [{ name: x@1 }, { name: x@2 }, { name: x@1, cost: -1 }] }";
  expect(
    await told(`agents:\n  - ${agent}\n  - { name: a, handler: { exec: [sh] }, skills: [{ name: x@1 }] }`),
  ).toEqual([
    "2:88: agents[0].skills[2].name is x@1, which an earlier one is called; give each its own name",
    "2:99: agents[0].skills[2].cost is -1; it must be a number, 0 or more",
    "3:13: agents[1].name is a, which an earlier one is called; give each its own name",
  ]);
});

test("a file full of aliases is refused, not expanded", async () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(", ")}]`,
  );
  const lines = await told(["l0: &l0 [x]", ...levels, "agents: []"].join("\n"));
  expect(lines[0]).toContain("use fewer aliases");
});

test("a key that means something to JavaScript is a key like any other", async () => {
  expect((await told("agents: []\n__proto__: 1\nconstructor: 2"))[0]).toContain("__proto__ is not a key");
  expect((await told("agents: []\nconstructor: 2"))[0]).toContain("constructor is not a key");
});
