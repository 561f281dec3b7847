/** Good configs: defaults, paths, files they name, and what the command line may change. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig, parseConfig, withFlags } from "../../node/config/mod.ts";
import { faultOf, folder, withSkill } from "./helpers.ts";

const KEY = `/key/swarm/psk/1.0.0/\n/base16/\n${"ab".repeat(32)}\n`;

test("every key but agents has a default", () => {
  const dir = folder();
  expect(parseConfig("agents: []", join(dir, "moot.yaml"))).toEqual({
    file: join(dir, "moot.yaml"),
    dir,
    network: { name: "moot", key: null },
    listen: ["/ip4/127.0.0.1/tcp/0"],
    join: [],
    data: join(dir, "data"),
    api: { kind: "tcp", host: "127.0.0.1", port: 0 },
    agents: [],
  });
});

test("a skill has defaults too, and what it does not declare is taken for the worst", () => {
  const { agents } = parseConfig(withSkill(), join(folder(), "moot.yaml"));
  const skill = {
    name: "text.count@1",
    input: {},
    output: {},
    effects: "write",
    cost: 1,
    expected_ms: 1_000,
    idempotent: false,
  };
  expect(agents[0]).toMatchObject({ concurrency: 1, timeout_ms: 30_000, env: [], skills: [skill] });
  const reading = parseConfig(withSkill("effects: read"), "moot.yaml").agents[0]?.skills[0];
  expect(reading).toMatchObject({ effects: "read", idempotent: true });
});

test("a whole config is read, with paths from its own folder", async () => {
  const member = "/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWFAV3LvEYLE3aoiQpis8koZuJmFjRwiv6yVe8xNq2dTZ8";
  const dir = folder({
    "network.key": KEY,
    "count.json": '{ "type": "object" }',
    "agent.ts": "export default () => null;",
    "count.sh": "#!/bin/sh\n",
    "moot.yaml": `
network: { name: my-moot, key: ./network.key }
listen: [/ip4/0.0.0.0/tcp/0, /ip6/::/tcp/4001]
join: [${member}, /dns4/moot.example/tcp/4001]
data: ./elsewhere
api: unix:./moot.sock
agents:
  - name: counter
    handler: { exec: [./count.sh, -x] }
    concurrency: 2
    timeout_ms: 500
    env: [API_KEY]
    skills:
      - { name: text.count@1, description: counts, input: &in { type: object }, output: ./count.json, effects: [mail, disk], cost: 0.5, expected_ms: 20, idempotent: true }
      - { name: text.count@2, input: *in }
  - name: scripted
    handler: { module: ./agent.ts }
    skills: [{ name: text.count@1 }]
`,
  });
  chmodSync(join(dir, "count.sh"), 0o755);
  const config = await loadConfig(join(dir, "moot.yaml"));
  expect(config.network.name).toBe("my-moot");
  expect(Buffer.from(config.network.key?.reveal() ?? []).toString()).toBe(KEY);
  expect(config.listen).toEqual(["/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/4001"]);
  expect(config.join).toEqual([member, "/dns4/moot.example/tcp/4001"]);
  expect([config.data, config.api]).toEqual([join(dir, "elsewhere"), { kind: "unix", path: join(dir, "moot.sock") }]);
  const [counter, scripted] = config.agents;
  expect(counter).toMatchObject({
    handler: { kind: "exec", argv: ["./count.sh", "-x"] },
    dir,
    env: ["API_KEY"],
    concurrency: 2,
  });
  const described = { description: "counts", effects: ["mail", "disk"], cost: 0.5, expected_ms: 20, idempotent: true };
  expect(counter?.skills[0]).toMatchObject({ ...described, input: { type: "object" }, output: { type: "object" } });
  expect(counter?.skills[1]?.input).toEqual({ type: "object" });
  expect(scripted?.handler).toEqual({ kind: "module", path: join(dir, "agent.ts") });
});

test("a config that is not there is a fault with a remedy", async () => {
  const fault = await faultOf(() => loadConfig(join(folder(), "moot.yaml")));
  expect([fault.code, fault.remedy]).toEqual(["config", expect.stringContaining("moot init")]);
});

test("flags replace what the file says, and join adds to it", async () => {
  const config = parseConfig("join: [/ip4/192.0.2.7/tcp/1]\nagents: []", join(folder(), "moot.yaml"));
  const flags = { listen: ["/ip4/127.0.0.1/tcp/7"], join: ["/ip4/192.0.2.8/tcp/2"], data: "here", api: "[::1]:80" };
  expect(withFlags(config, flags)).toMatchObject({
    listen: ["/ip4/127.0.0.1/tcp/7"],
    join: ["/ip4/192.0.2.7/tcp/1", "/ip4/192.0.2.8/tcp/2"],
    data: join(process.cwd(), "here"),
    api: { kind: "tcp", host: "::1", port: 80 },
  });
  expect(withFlags(config, {})).toEqual(config);
  for (const wrong of [{ listen: ["/ip4/0.0.0.0/tcp/7"] }, { join: ["there"] }, { api: "192.0.2.1:80" }]) {
    const fault = await faultOf(() => withFlags(config, wrong));
    expect(fault.code).toBe("usage");
    expect(fault.remedy).toBeDefined();
  }
});
