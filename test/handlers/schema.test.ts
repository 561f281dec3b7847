/** JSON Schemas as checks: what fits, what does not and in which words, and schemas that would hang a node. */
import { expect, test } from "vitest";
import { Fault } from "../../node/fault.ts";
import { HANDLER, type JsonSchema, validator } from "../../node/handlers/mod.ts";
import { ending, run, shell } from "./helpers.ts";

const text = {
  type: "object",
  required: ["text"],
  additionalProperties: false,
  properties: { text: { type: "string" } },
};

function faultOf(schema: JsonSchema, strict = false): Fault {
  try {
    validator(schema, { strict });
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  throw new Error("it was accepted");
}

test("a check names every place that is wrong, in bounded words", () => {
  const check = validator(text);
  expect(check({ text: "x" })).toBeUndefined();
  expect(check({ txt: 1 })).toBe("it must have required property 'text'; it must NOT have additional properties (txt)");
  expect(check({ text: 1 })).toBe("text must be string");
  const many = validator({ type: "array", items: { type: "string" } })(Array.from({ length: 1_000 }, () => 1));
  expect(many).toContain("and 992 more");
  const long = validator({ additionalProperties: false })({ ["k".repeat(100_000)]: 1 });
  expect(long?.length).toBeLessThan(HANDLER.message_chars);
  expect(validator({ enum: ["a", "b"] })("c")).toContain('["a","b"]');
});

test("2020-12 and draft-07 are known, formats too, others are refused", () => {
  expect(validator({ prefixItems: [{ type: "string" }] })([1])).toBe("0 must be string");
  const old = { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }], definitions: {} };
  expect(validator(old)([1])).toBe("0 must be string");
  expect(validator({ format: "date-time" })("yesterday")).toContain("date-time");
  expect(faultOf({ $schema: "http://json-schema.org/draft-04/schema#" }).message).toContain("draft-07");
});

test("a schema that cannot be used is refused, with the place", () => {
  expect(faultOf({ properties: { a: { type: "strin" } } }).details).toEqual({ pointer: ["properties", "a", "type"] });
  expect(faultOf({ $ref: "https://example.com/elsewhere.json" }).code).toBe("schema");
  expect(faultOf({ requierd: ["a"] }, true).message).toContain("requierd");
  expect(validator({ requierd: ["a"] })({})).toBeUndefined();
  expect(faultOf({ description: "x".repeat(HANDLER.schema_bytes) }).message).toContain("bytes");
  expect(faultOf({ pattern: "(" }).code).toBe("schema");
});

test("two schemas may have one $id, and one schema may come twice", () => {
  const one = { $id: "https://example.com/a", type: "string" };
  expect(validator(one)(1)).toBe("it must be string");
  expect(validator({ ...one, type: "number" })("x")).toBe("it must be number");
  expect(validator(one)(1)).toBe("it must be string");
});

test("a check that would not end has failed", () => {
  const check = validator({ type: "string", pattern: "^(a+)+$" });
  expect(check("aaaa")).toBeUndefined();
  expect(check(`${"a".repeat(60)}!`)).toContain("could not be checked");
  expect(check("aaaa")).toBeUndefined();
});

test("a value that nests without end does not break the check", () => {
  const check = validator({
    $ref: "#/$defs/list",
    $defs: { list: { type: "array", items: { $ref: "#/$defs/list" } } },
  });
  let deep: unknown = [];
  for (let level = 0; level < 200_000; level++) deep = [deep];
  expect(check(deep)).toContain("could not be checked");
});

test("a run checks its input before the program starts, and its output after", async () => {
  const input = await run(shell("echo never >&2; exit 9", { input: text }), { input: { text: 5 } });
  expect(ending(input)).toEqual(["invalid-input", false, "the input does not fit: text must be string"]);
  const output = await run(shell("echo '{\"text\":5}'", { output: text }));
  expect(ending(output)).toEqual(["invalid-output", true, "the output does not fit: text must be string"]);
  const schema = await run(shell("echo 1", { input: { type: "nonsense" } }));
  expect(ending(schema).slice(0, 2)).toEqual(["spawn", true]);
});
