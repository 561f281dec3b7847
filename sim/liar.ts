/**
 * A contractor that lies with its own key: it shows different results to different custodians, repeats old words to anybody,
 * withholds others, and claims to have failed what it goes on doing. It is no custodian and no initiator; what those could do with
 * their keys is provable, not preventable.
 */
import type { Effect, Random } from "../protocols/mod.ts";
import type { Rewrite } from "./host.ts";
import type { World } from "./world.ts";

type Sent = Extract<Effect, { type: "send" }>;
const REMEMBERED = 64;

export function liar(world: World, index: number, random: Random): Rewrite {
  const said: Sent[] = [];
  const others = world.hosts.filter((host) => host.index !== index).map(({ id }) => id);
  return (effect) => {
    if (effect.type !== "send") return [effect];
    if (said.length < REMEMBERED) said.push(effect);
    const effects: Sent[] = random.chance(12) ? [] : [random.chance(2) ? effect : twisted(world, index, effect)];
    const [again] = random.chance(4) ? random.pick(said, 1) : [];
    const [to] = random.pick(others, 1);
    if (again !== undefined && to !== undefined) effects.push({ ...again, to });
    return effects;
  };
}

function twisted(world: World, index: number, sent: Sent): Sent {
  const { message } = sent;
  if (message.type === "accept" && message.value.outcome.signer === world.id(index)) {
    const outcome = world.seal(index, {
      ...message.value.outcome.value,
      result: `"for ${world.indexOf(sent.to) % 2}"`,
    });
    return { ...sent, message: { ...message, value: { ...message.value, outcome } } };
  }
  if (message.type === "renew") {
    const { task, award } = message;
    return { ...sent, message: { type: "failure", task, award, reason: "retry", message: "or not", retryable: true } };
  }
  if (message.type === "propose") return { ...sent, message: { ...message, cost: 0, expected_ms: 1 } };
  return sent;
}
