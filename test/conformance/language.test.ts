/** The language of scripts: durations, templates and patterns mean what their tables say, and mistakes in a script are loud. */
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { blobOf } from "../../kit/blobs.ts";
import { durationOf } from "../../kit/durations.ts";
import { grantOf, rootOf } from "../../kit/grants.ts";
import { matches } from "../../kit/pattern.ts";
import type { Json } from "../../kit/script.ts";
import { fill, type Scope } from "../../kit/template.ts";
import { nameOfStream } from "../../node/blobs/naming.ts";
import { virtualStage } from "../../node/conformance/virtual.ts";
import { BLOB, LIMITS, PERMISSIONS } from "../../protocols/mod.ts";

const pace = { soon_ms: 1_000, moment_ms: 100 };
const scene = await virtualStage().open(["A"], 1);
const names = new Map<string, Json>([
  ["P", scene.self],
  ["A", scene.idOf("A")],
  ["t", { id: "x", list: [1, 2] }],
]);
const scope: Scope = { scene, pace, names, word: "w" };

describe("durations", () => {
  it.each([
    ["hold_ms", LIMITS.hold_ms],
    ["2 retry_ms + lease_ms_min / 3", 2 * LIMITS.retry_ms + LIMITS.lease_ms_min / 3],
    ["soon", 1_000],
    ["3 moment", 300],
    ["-clock_tolerance_ms", -LIMITS.clock_tolerance_ms],
    ["250 ms", 250],
    ["admit_ms + idle_ms / 2", PERMISSIONS.admit_ms + BLOB.idle_ms / 2],
  ])("%s", (text, ms) => expect(durationOf(text, pace)).toBe(ms));

  it.each(["", "hold", "shards", "3", "hold_ms * 2", "later"])("%j is none", (text) => {
    expect(() => durationOf(text, pace)).toThrow(RangeError);
  });
});

describe("templates", () => {
  it.each<[Json, Json]>([
    ["$t.id", "x"],
    ["$t.list.1", 2],
    [{ $ms: "hold_ms" }, LIMITS.hold_ms],
    [
      { $of: "$t", with: { more: "$t.id" }, without: ["list"] },
      { id: "x", more: "x" },
    ],
    [{ $json: { a: "$t.id" } }, '{"a":"x"}'],
    [{ $fill: "ab", times: 3 }, "ababab"],
    [{ $text: ["$t.id", "-", "y"] }, "x-y"],
    [{ $slice: "abcd", from: 1, to: -1 }, "bc"],
    [{ $pad: { a: 1 }, to: 9 }, '{"a":1}  '],
    [{ $bytes: "\u00ffab" }, { base64: "/2Fi" }],
    [{ $bytes: "abcde" }, { base64: "YWJjZGU=" }],
    [{ $bytes: "\u0000" }, { base64: "AA==" }],
    [{ $nest: 3, of: 7 }, [[[7]]]],
    [{ $list: "$t.id", times: 2 }, ["x", "x"]],
    [{ $shard: "text.count@1" }, 4],
    [{ $tie: ["a", "b", "c"], of: "$t.id" }, "c"],
    [{ $unique: "skill" }, "conformance.w@1"],
  ])("%j", (template, value) => expect(fill(template, scope)).toEqual(value));

  it("seals and opens", () => {
    const seal = fill({ $seal: { kind: "award" }, by: "A" }, scope);
    names.set("s", seal);
    expect(fill("$s.open.kind", scope)).toBe("award");
    expect(fill("$s.signer", scope)).toBe(scene.idOf("A"));
    expect(matches(seal, { $opens: { kind: "award" }, by: "A" }, scope)).toBe(true);
    expect(matches(seal, { $opens: { kind: "award" }, by: "P" }, scope)).toBe(false);
    names.set("far", fill({ $seal: { kind: "award" }, by: "somebody far" }, scope));
    expect(fill("$far.signer", scope)).not.toBe(scene.idOf("A"));
    expect(fill("$far.open.kind", scope)).toBe("award");
  });

  it.each<[Json]>([["$nobody"], ["$t.nothing"], [{ $no: 1 }], [{ $shard: "no skill" }]])(
    "%j is a mistake",
    (template) => {
      expect(() => fill(template, scope)).toThrow();
    },
  );
});

describe("blobs", () => {
  const text = "abc\u00ff\u0000".repeat(60_000);

  it("are named as the node names them", async () => {
    const bytes = Buffer.from(text, "latin1");
    const { blob } = await nameOfStream(Readable.from([bytes]));
    expect(blobOf(text, scene)).toMatchObject({
      id: blob,
      bytes: bytes.length,
      contents: { base64: bytes.toString("base64") },
      ref: { $blob: blob, bytes: bytes.length },
    });
  });

  it("what is no byte is a mistake", () => {
    expect(() => fill({ $bytes: "\u0100" }, scope)).toThrow(RangeError);
  });
});

describe("grants", () => {
  const sealed = {
    ...scope,
    names: new Map([...names, ["A", scene.idOf("A")], ["B", scene.idOf("B")], ["root", rootOf(scene)]]),
  };
  const top = grantOf({ grant: "a", by: "root", to: "A", can: ["member", "delegate"] }, "n", sealed);
  sealed.names.set("a", top);
  const below = grantOf({ grant: "b", by: "A", to: "B", under: "a", limits: { budget: 1 } }, "n", sealed);

  it("stand in chains, the root's first", () => {
    expect(top).toMatchObject({ document: { audience: scene.idOf("A"), parent: null, limits: {} } });
    const { chain, digest, document } = top as { chain: string[]; digest: string; document: { expires_ms: number } };
    expect(below).toMatchObject({
      chain: [chain[0], (below as { seal: string }).seal],
      document: { audience: scene.idOf("B"), parent: digest, limits: { budget: 1 }, expires_ms: document.expires_ms },
    });
    expect(scene.open(chain[0] ?? "")?.signer).toBe(rootOf(scene));
  });
});

describe("patterns", () => {
  it.each<[Json, Json, boolean]>([
    [{ a: 1, b: 2 }, { a: 1 }, true],
    [{ a: 1 }, { a: 2 }, false],
    [{ a: 1 }, { a: 1, b: { $absent: true } }, true],
    [{ a: 1, b: 0 }, { b: { $absent: true } }, false],
    [{ a: 5 }, { a: { $min: 5, $max: { $ms: "hold_ms" } } }, true],
    [{ a: 4 }, { a: { $min: 5 } }, false],
    [{ a: "x" }, { a: { $in: ["y", "$t.id"] } }, true],
    [{ a: "x" }, { a: { $not: "$t.id" } }, false],
    [{ a: [1, { b: 2 }] }, { a: { $has: { b: 2 } } }, true],
    [{ a: [1, 2, 3] }, { a: [1, 2] }, false],
    [{ a: '{"b":2}' }, { a: { $parses: { b: 2 } } }, true],
    [{ a: "{" }, { a: { $parses: { b: 2 } } }, false],
  ])("%j like %j: %s", (value, pattern, truth) => expect(matches(value, pattern, scope)).toBe(truth));
});
