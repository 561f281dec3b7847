/** What `submit` does with an input: refuses one that breaks the schema, and takes the same one twice as two tasks. */
import { expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";

const mesh = sharedMesh({ nodes: [{ name: "asks" }, { name: "works", agents: [{}] }, { name: "idles" }] });

it.each([
  { what: "a field of the wrong kind", input: { do: "echo", times: "often" }, field: "times" },
  { what: "a value that is not offered", input: { do: "nothing" }, field: "do" },
  { what: "a missing field", input: {}, field: "do" },
  { what: "an unknown field", input: { do: "echo", hurry: true }, field: "hurry" },
])(
  "an input with $what is refused before anything is announced: exit 2, and the field is named",
  async ({ input, field }) => {
    const before = await Promise.all(mesh().nodes.map(({ client }) => client.tasks()));
    const { code, stdout, stderr } = await mesh()
      .node("asks")
      .moot("submit", "test.work@1", "--input", JSON.stringify(input));
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(field);
    const after = await Promise.all(mesh().nodes.map(({ client }) => client.tasks()));
    expect(after.map(({ total }) => total)).toEqual(before.map(({ total }) => total));
    expect(mesh().shared.starts()).toHaveLength(0);
  },
);

it("the same input twice is two tasks, each run once", async () => {
  const tasks = await Promise.all([mesh().submit("asks", "echo"), mesh().submit("asks", "echo")]);
  expect(new Set(tasks).size).toBe(2);
  const outcomes = await Promise.all(tasks.map((task) => mesh().outcome("asks", task)));
  expect(outcomes.map(({ status }) => status)).toEqual(["done", "done"]);
  for (const task of tasks) expect(mesh().shared.starts(task)).toHaveLength(1);
});
