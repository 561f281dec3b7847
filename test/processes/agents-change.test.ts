/** Agents that are added, changed and removed while their node runs, by command and by editor: no task is lost. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";
import { MootProcess } from "./processes.ts";

const SKILL = "text.shout@1";

/** Waits for a file when the input says so, and says which version of the agent answered. */
const program = (version: number) => `#!/bin/sh
read -r call
case $call in *hold*) while [ ! -e "$(dirname "$0")/go" ]; do sleep 0.05; done ;; esac
printf '"version ${version}"'
`;

describe("agents of a running node", () => {
  const mesh = sharedMesh({ nodes: [{ name: "a" }, { name: "b" }] });
  const dir = () => mesh().node("a").dir;
  const yaml = () => readFileSync(join(dir(), "moot.yaml"), "utf8");
  const write = (name: string, text: string) => {
    writeFileSync(join(dir(), name), text);
    chmodSync(join(dir(), name), 0o755);
  };
  const moot = (...words: string[]) => new MootProcess(words, { cwd: dir() }).spoken();
  const agent = (version: number) => {
    write(`shout-${version}.sh`, program(version));
    write(
      "shout.yaml",
      `name: shout\nconcurrency: 2\nhandler: { exec: [./shout-${version}.sh] }\nskills: [{ name: ${SKILL} }]\n`,
    );
  };
  const submit = (input: string, deadline_ms = 30_000) =>
    mesh().node("b").client.submit({ skill: SKILL, input, deadline_ms, custodians: 1 });
  const outcome = async (task: string) => {
    const { status, result, failure } = await mesh().outcome("b", task);
    return { status, result, reason: failure?.reason };
  };
  const running = (task: string) =>
    mesh().until(`${task.slice(0, 12)} runs`, async () =>
      (await mesh().node("a").client.status()).agents.some(({ busy }) => busy > 0),
    );

  it("can be added, and work at once", async () => {
    agent(1);
    const added = await moot("agents", "add", "shout.yaml", "--json");
    expect(added).toMatchObject({ code: 0 });
    expect(JSON.parse(added.stdout)).toMatchObject({ agents: [{ name: "shout", state: "ready" }] });
    expect(await outcome(await submit("now"))).toMatchObject({ status: "done", result: "version 1" });
  });

  it("can be changed: what runs ends as it began, what comes gets the new one", async () => {
    const held = await submit("hold");
    await running(held);
    agent(2);
    expect(await moot("agents", "add", "shout.yaml")).toMatchObject({ code: 0, stdout: "shout: ready" });
    expect(await outcome(await submit("now"))).toMatchObject({ status: "done", result: "version 2" });
    writeFileSync(join(dir(), "go"), "");
    expect(await outcome(held)).toMatchObject({ status: "done", result: "version 1" });
  });

  it("refuses what a start would refuse, and changes nothing", async () => {
    const before = yaml();
    write("bad.yaml", "name: shout\nhandler: { exec: [./no-such.sh] }\nskills: [{ name: Shout }]\n");
    const refused = await moot("agents", "add", "bad.yaml");
    expect(refused.code).toBe(2);
    // The file that was given, with its own lines, and not the config that it would have come into.
    expect(refused.stderr).toContain("bad.yaml has 2 problems");
    expect(refused.stderr).toMatch(/^bad\.yaml:2:18: handler\.exec names .*no-such\.sh, which is not a file/m);
    expect(refused.stderr).toMatch(/^bad\.yaml:3:18: skills\[0\]\.name /m);
    expect(refused.stderr).not.toContain("moot.yaml");
    const unknown = await moot("agents", "remove", "shuot");
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean shout?") });
    expect(yaml()).toBe(before);
    writeFileSync(join(dir(), "moot.yaml"), `${before}\nagent: []\n`);
    const line = await mesh()
      .node("a")
      .line((text) => (text.includes('"config-refused"') ? text : undefined));
    expect(JSON.parse(line).message).toContain("agent");
    writeFileSync(join(dir(), "moot.yaml"), before);
    expect(await outcome(await submit("now"))).toMatchObject({ status: "done", result: "version 2" });
  });

  it("can be removed: what it runs goes on to its end, and nobody bids any more", async () => {
    writeFileSync(join(dir(), "shout-2.sh"), program(2).replace("/go", "/go-on"));
    const held = await submit("hold");
    await running(held);
    expect(await moot("agents", "remove", "shout")).toMatchObject({ code: 0, stdout: "shout: removed" });
    expect(yaml()).not.toContain("shout");
    expect(await outcome(await submit("now", 2_000))).toMatchObject({ status: "expired", reason: "no-bids" });
    writeFileSync(join(dir(), "go-on"), "");
    expect(await outcome(held)).toMatchObject({ status: "done", result: "version 2" });
  });
});
