/**
 * A skill's contract: what whoever gives it work may count on. Its digest is SHA-256 of the canonical JSON (RFC 8785) of name,
 * input, output, effects and idempotent: what it costs and how long it takes may change from card to card, what it does may
 * not without another digest. Pure.
 */
import type { Digest } from "../kernel/mod.ts";
import { canonical } from "../kernel/mod.ts";
import type { DigestOf } from "../kernel/wire.ts";
import type { AgentCard, CardDocument, SkillCard } from "./wire.ts";

/** Undefined where a schema has no canonical text. Fields that a card leaves out are left out here. */
export function contractOf(skill: Omit<SkillCard, "contract">, digestOf: DigestOf): Digest | undefined {
  const { name, input, output, effects, idempotent } = skill;
  const text = canonical({
    name,
    effects,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(idempotent === undefined ? {} : { idempotent }),
  });
  return text === undefined ? undefined : digestOf(text);
}

/** The agent as its card describes it: each skill with the digest of its contract. */
export function withContracts(agent: AgentCard, digestOf: DigestOf): AgentCard {
  const skills = agent.skills.map((skill): SkillCard => {
    const contract = contractOf(skill, digestOf);
    return contract === undefined ? skill : { ...skill, contract };
  });
  return { ...agent, skills };
}

/** DIR-13: the skill whose digest is not that of its contract. */
export function brokenContract({ agents }: CardDocument, digestOf: DigestOf): SkillCard | undefined {
  for (const { skills } of agents) {
    const broken = skills.find(
      (skill) => skill.contract !== undefined && skill.contract !== contractOf(skill, digestOf),
    );
    if (broken !== undefined) return broken;
  }
  return undefined;
}
