/** How grants are revoked: whose word counts, that it lasts, and how it gets around. Section 13 from the side of any member. */
import { PERMISSIONS } from "../../protocols/mod.ts";
import type { Actor, Script, Step, Template } from "../script.ts";
import { admitted, entered, enteredWith, granted, OUT, served } from "./members.ts";

function told(by: Actor, ...names: readonly string[]): Step {
  return { say: by, message: { type: "revocations", revocations: names.map((name) => `$${name}.seal`) } };
}
function news(name: string): Template {
  return { type: "revocations", revocations: { $has: `$${name}.seal` } };
}
/** Until those that look once a second have looked. */
const LOOKED: Step = { wait: "moment + 1500 ms" };
const CUT: Step = { cut: "A", within: "soon + 1500 ms" };
/** Back again, and not let in. */
const BARRED: readonly Step[] = [{ leave: "A" }, { join: "A" }, { admit: "A", chain: "$a.chain", answer: OUT }];

/** A is let in by what B passed on; C may revoke, D tells. */
const FOUR: readonly Step[] = [
  { grant: "b", by: "root", to: "B", can: ["member", "delegate"] },
  { grant: "a", by: "B", to: "A", under: "b" },
  { grant: "other", by: "root", to: "A" },
  { grant: "c", by: "root", to: "C", can: ["member", "revoke"] },
  admitted("A", "a"),
  ...entered("D"),
];
/** More than are held of one signer that has no right to revoke: each of a grant that nobody has. */
const MANY = Array.from({ length: PERMISSIONS.revocations_of_one_max + 1 }, (_, nth) => nth);
const FLOOD: readonly Step[] = MANY.flatMap((nth): readonly Step[] => [
  { grant: `x${nth}`, by: "somebody else", to: "D" },
  { revocation: `r${nth}`, by: "D", of: [`x${nth}`] },
  ...(nth % 16 === 15 ? [told("D", ...MANY.slice(nth - 15, nth + 1).map((one) => `r${one}`))] : []),
]);

export const REVOCATIONS: readonly Script[] = [
  {
    name: "a-revocation-ends-a-membership",
    role: "wire",
    clauses: ["PERM-9"],
    about:
      "a revocation by a root, by who issued the grant or one above it, or by who shows the right to revoke, puts its holder out",
    needs: ["roots"],
    cases: {
      "by the root": "$root1.seal",
      "by its issuer": "$issuer.seal",
      "of the grant above it": "$above.seal",
      "by somebody with the right": "$right.seal",
    },
    steps: [
      ...FOUR,
      { revocation: "root1", by: "root", of: ["a"] },
      { revocation: "issuer", by: "B", of: ["other", "a"] },
      { revocation: "above", by: "root", of: ["b"] },
      { revocation: "right", by: "C", of: ["a"], proof: "c" },
      ...served("A"),
      { say: "D", message: { type: "revocations", revocations: ["$case"] } },
      CUT,
      ...BARRED,
      admitted("A", "other"),
      ...served("D"),
    ],
  },
  {
    name: "others-revoke-nothing",
    role: "wire",
    clauses: ["PERM-9"],
    about: "a revocation by anybody else, or with another's proof, changes nothing; the root's does",
    needs: ["roots"],
    cases: {
      "by a member": "$member.seal",
      "by a member, with its chain": "$chain.seal",
      "by a stranger": "$stranger.seal",
      "with the right, not shown": "$silent.seal",
      "with another's right": "$borrowed.seal",
      "of another network": "$abroad.seal",
      "with a right of another root's": "$foreign.seal",
    },
    steps: [
      ...FOUR,
      { grant: "false", by: "somebody else", to: "D", can: ["member", "revoke"] },
      { revocation: "member", by: "D", of: ["a"] },
      { revocation: "chain", by: "D", of: ["a"], proof: "gD" },
      { revocation: "stranger", by: "somebody else", of: ["a"] },
      { revocation: "silent", by: "C", of: ["a"] },
      { revocation: "borrowed", by: "D", of: ["a"], proof: "c" },
      { revocation: "abroad", by: "root", of: ["a"], with: { network: "elsewhere" } },
      { revocation: "foreign", by: "D", of: ["a"], proof: "false" },
      { revocation: "good", by: "root", of: ["a"] },
      { say: "D", message: { type: "revocations", revocations: ["$case"] } },
      LOOKED,
      ...served("A"),
      ...entered("E"),
      told("E", "good"),
      CUT,
    ],
  },
  {
    name: "what-was-revoked-stays-revoked",
    role: "wire",
    clauses: ["PERM-9"],
    about: "a revocation that counted when it came counts on when its signer loses the right to revoke",
    needs: ["roots"],
    steps: [
      ...FOUR,
      { revocation: "r", by: "C", of: ["a"], proof: "c" },
      { revocation: "later", by: "root", of: ["c"] },
      told("D", "r"),
      CUT,
      told("D", "later"),
      { wait: "moment" },
      ...BARRED,
    ],
  },
  {
    name: "hears-of-revocations-on-the-topic",
    role: "wire",
    clauses: ["PERM-9"],
    about: "a revocation that somebody passes on with a notice on the topic of all counts as one from a neighbour",
    needs: ["roots", "topics"],
    steps: [
      ...FOUR,
      { revocation: "r", by: "root", of: ["a"] },
      { publish: "D", on: "all", document: { kind: "revocation-notice", network: "$network", revocation: "$r.seal" } },
      CUT,
      ...BARRED,
    ],
  },
  {
    name: "greets-with-all-revocations",
    role: "directory",
    clauses: ["PERM-10"],
    about: "who is let in is sent the revocations that are held",
    needs: ["roots"],
    steps: [
      ...entered("D"),
      { grant: "a", by: "root", to: "A" },
      { revocation: "r", by: "root", of: ["a"] },
      { revocation: "s", by: "D", of: ["a"] },
      told("D", "r", "s"),
      { wait: "moment" },
      ...entered("B"),
      { hear: "B", message: news("r"), as: "first" },
      { leave: "B" },
      { join: "B" },
      { wait: "moment" },
      { forget: true },
      admitted("B"),
      { hear: "B", message: news("s") },
    ],
  },
  {
    name: "passes-revocations-on",
    role: "directory",
    clauses: ["PERM-10"],
    about: "a revocation that is new, and came over a stream, goes on to the neighbours but the one it came from, once",
    needs: ["roots"],
    steps: [
      ...entered("B", "D"),
      { grant: "a", by: "root", to: "A" },
      { revocation: "r", by: "root", of: ["a"] },
      { forget: true },
      told("D", "r"),
      { hear: "B", message: news("r") },
      told("D", "r"),
      { quiet: "B", message: news("r") },
      { quiet: "D", message: news("r") },
    ],
  },
  {
    name: "revocations-outlive-a-restart",
    role: "wire",
    clauses: ["PERM-10"],
    about: "a revocation is there after a restart: its holder is not let in, and who is hears of it",
    needs: ["roots", "restart"],
    steps: [
      ...entered("D"),
      { grant: "a", by: "root", to: "A" },
      { revocation: "r", by: "root", of: ["a"] },
      told("D", "r"),
      { wait: "moment" },
      { restart: "P" },
      { admit: "A", chain: "$a.chain", answer: OUT },
      { forget: true },
      admitted("D"),
      { hear: "D", message: news("r") },
    ],
  },
  {
    name: "bounds-what-one-may-revoke",
    role: "directory",
    clauses: ["PERM-10"],
    about: "of one signer without the right to revoke so many are held and no more; the root's are taken all the same",
    needs: ["roots"],
    steps: [
      ...entered("B"),
      ...enteredWith("D", {}),
      granted("E"),
      ...FLOOD,
      { wait: "moment" },
      { forget: true },
      told("D", `r${MANY.length - 1}`),
      { quiet: "B", message: news(`r${MANY.length - 1}`) },
      { grant: "a", by: "root", to: "A" },
      { revocation: "good", by: "root", of: ["a"] },
      told("D", "good"),
      { hear: "B", message: news("good") },
    ],
  },
];
