/** `moot show` at a contractor that keeps no register of the task: what it has of its own run. */
import { expect, it } from "vitest";
import { connectNode, serveApi } from "../../node/api/mod.ts";
import { ranHereLines, taskOf } from "../../node/cli/ran-here.ts";
import { start } from "../blobs/nodes.ts";

const AGENT = `
  - name: hasher
    handler: { exec: [cat] }
    skills: [{ name: says.back@1, effects: none, expected_ms: 50 }]
`;

it("says which record it has, its digest, and how to replay it; a stranger's task stays unknown", async () => {
  const asks = await start();
  const works = await start({ join: [asks.node], agent: AGENT });
  await Promise.all([asks.node.ready(), works.node.ready()]);
  const task = await asks.node.submit({ skill: "says.back@1", input: { n: 1 }, custodians: 1 });
  expect(await asks.node.outcome(task)).toMatchObject({ status: "done", contractor: works.node.self });
  const data = `${works.dir}/data`;
  const served = await serveApi({
    node: works.node,
    at: { kind: "unix", path: `${works.dir}/api` },
    data,
    stop: () => undefined,
  });
  const client = connectNode({ data, env: {} });
  const shown = await taskOf(client, task);
  const [row] = works.node.records(task);
  expect(shown).toMatchObject({ task, ranHere: true, records: [row] });
  if (!("ranHere" in shown)) throw new Error("it is no custodian");
  const lines = ranHereLines(shown).join("\n");
  expect(lines).toContain(row?.file);
  expect(lines).toContain(row?.digest);
  expect(lines).toContain(`moot replay ${task.slice(0, 12)} --fence ${row?.fence}`);
  expect(lines).toMatch(/^ran +done, after /m);
  await expect(taskOf(client, "ab".repeat(32))).rejects.toMatchObject({ code: "unknown-task" });
  await served.close();
}, 20_000);
