/** An agent as its card describes it: the skills of its specification with the digests of their contracts. Pure. */
import { type AgentCard, LIMITS, parseSkill, withContracts } from "../protocols/mod.ts";
import { digestOf } from "./envelope/mod.ts";
import { Fault } from "./fault.ts";
import type { AgentSpec } from "./handlers/mod.ts";

/** What a card has besides its agents and grants: keys, addresses, the envelope. */
const REST_BYTES = 4096;

/** Throws Fault "internal" for a skill that no configuration can hold. */
export function cardOf({ name, concurrency, skills }: Pick<AgentSpec, "name" | "concurrency" | "skills">): AgentCard {
  const agent = {
    name,
    description: "",
    concurrency,
    skills: skills.map((skill) => ({
      name: nameOf(skill.name),
      description: skill.description ?? "",
      input: { ...skill.input },
      output: { ...skill.output },
      effects: typeof skill.effects === "string" ? skill.effects : [...skill.effects],
      cost: skill.cost,
      expected_ms: skill.expected_ms,
      idempotent: skill.idempotent,
    })),
  };
  return withContracts(agent, digestOf);
}

function nameOf(text: string): AgentCard["skills"][number]["name"] {
  const name = parseSkill(text);
  if (name === undefined) throw new Fault("internal", `${text} is a skill name that the configuration checked`);
  return name;
}

/** What the agents take of a card, and what it holds beside so many characters of grants. */
export function roomFor(agents: readonly AgentCard[], grants_chars: number): { bytes: number; room: number } {
  const bytes = Buffer.byteLength(JSON.stringify(agents));
  return { bytes, room: LIMITS.card_bytes - REST_BYTES - grants_chars };
}

/** A card that others would refuse is refused here, where its owner can mend it. Throws Fault "config". */
export function checkCard(agents: readonly AgentCard[], grants_chars: number): void {
  const { bytes, room } = roomFor(agents, grants_chars);
  if (bytes <= room) return;
  const remedy = "shorten the schemas and descriptions, or spread the agents over several nodes";
  throw new Fault("config", `the agents' contracts take ${bytes} bytes of JSON; a card holds ${room}`, { remedy });
}
