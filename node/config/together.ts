/** What no field can know alone: names used twice, and an open network. Looks at the raw tree, so that it speaks even when other fields are wrong. */
import { z } from "zod";
import { isLoopback } from "./addresses.ts";
import type { Finder } from "./problems.ts";
import type { Problem } from "./types.ts";

export const OPEN = "give network.key, or listen on /ip4/127.0.0.1/tcp/0";

const listening = z.looseObject({ listen: z.array(z.string()) });
const keyed = z.looseObject({ network: z.looseObject({ key: z.string() }) });
const withAgents = z.looseObject({ agents: z.array(z.unknown()) });
const withSkills = z.looseObject({ skills: z.array(z.unknown()) });
const named = z.looseObject({ name: z.string() });

export function together(tree: unknown, finder: Finder): Problem[] {
  const agents = withAgents.safeParse(tree).data?.agents ?? [];
  const skills = agents.flatMap((agent, index) => skillsOf(agent, ["agents", index], finder));
  return [...open(tree, finder), ...repeated(agents, ["agents"], finder), ...skills];
}

/** The same of a file that holds agents and nothing else: one, or a list. */
export function repeatedNames(tree: unknown, finder: Finder): Problem[] {
  if (Array.isArray(tree))
    return [...repeated(tree, [], finder), ...tree.flatMap((agent, index) => skillsOf(agent, [index], finder))];
  return skillsOf(tree, [], finder);
}

function skillsOf(agent: unknown, path: readonly PropertyKey[], finder: Finder): Problem[] {
  return repeated(withSkills.safeParse(agent).data?.skills ?? [], [...path, "skills"], finder);
}

function open(tree: unknown, finder: Finder): Problem[] {
  if (keyed.safeParse(tree).success) return [];
  const addresses = listening.safeParse(tree).data?.listen ?? [];
  return addresses.flatMap((address, index) => {
    if (!address.startsWith("/") || isLoopback(address)) return [];
    return [finder.problem(["listen", index], `is ${address}, and no key closes the network`, OPEN)];
  });
}

function repeated(list: readonly unknown[], path: readonly PropertyKey[], finder: Finder): Problem[] {
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const name = named.safeParse(item).data?.name;
    if (name === undefined) return [];
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [
      finder.problem([...path, index, "name"], `is ${name}, which an earlier one is called`, "give each its own name"),
    ];
  });
}
