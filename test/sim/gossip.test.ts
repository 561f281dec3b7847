/** The modelled mesh against what is known of gossipsub in closed form. */
import { expect, test } from "vitest";
import { agent, World } from "../../sim/mod.ts";

function meshed(count: number, options: { flood: boolean; lazy: boolean }): World {
  const peers = Array.from({ length: count }, (_, index) => ({ agents: [agent(`a-${index}`, ["text.count@1"])] }));
  const world = new World({ seed: 3, peers, topology: "mesh", degree: 8, warm_cards: count, ...options });
  world.run(3_000);
  return world;
}
/** Everybody publishes an announcement; what arrived is in the world's counters. */
function publishAll(world: World): void {
  for (const { index } of world.hosts) {
    const host = world.host(index);
    const topic = host.peer?.topics()[0] ?? 0;
    world.gossip.publish(
      host,
      topic,
      // Nobody can bid on it: only its way is looked at.
      {
        kind: "propose",
        network: host.spec.network ?? "world",
        issued_ms: 0,
        task: "0".repeat(64),
        round: 1,
        agent: "x",
        cost: 1,
        expected_ms: 1,
        load_permille: 0,
      } as never,
      300,
    );
    world.run(1_000);
  }
}

test("duplicates per first delivery are N d / (N - 1) - 2 for the mean mesh degree d, without flood publishing", () => {
  const count = 50;
  const world = meshed(count, { flood: false, lazy: false });
  const topic = world.peer(0).topics()[0] ?? 0;
  const degrees = world.hosts.map((host) => world.gossip.meshOf(host, topic).length);
  expect(Math.min(...degrees), "nobody is alone").toBeGreaterThanOrEqual(1);
  publishAll(world);
  const degree = degrees.reduce((sum, one) => sum + one, 0) / count;
  const predicted = (count * degree) / (count - 1) - 2;
  expect(world.gossip.deliveries).toBe(count * (count - 1));
  const seen = world.gossip.duplicates / world.gossip.deliveries;
  expect(Math.abs(seen - predicted) / predicted).toBeLessThan(0.03);
});

test("flood publishing costs more copies and reaches everybody as well", () => {
  const plain = meshed(50, { flood: false, lazy: false });
  const flooding = meshed(50, { flood: true, lazy: false });
  for (const world of [plain, flooding]) publishAll(world);
  expect(flooding.gossip.deliveries).toBe(plain.gossip.deliveries);
  expect(flooding.gossip.duplicates).toBeGreaterThan(plain.gossip.duplicates);
});

test("what is lost on the mesh comes by IHAVE and IWANT, within a few heartbeats", () => {
  const [without, with_] = [meshed(40, { flood: false, lazy: false }), meshed(40, { flood: false, lazy: true })];
  for (const world of [without, with_]) {
    world.links.faults = { ...world.links.faults, gossip_loss_permille: 700 };
    publishAll(world);
    world.links.faults = { ...world.links.faults, gossip_loss_permille: 0 };
    world.run(5_000);
  }
  const all = 40 * 39;
  expect(without.gossip.deliveries).toBeLessThan(all);
  expect(with_.gossip.deliveries).toBeGreaterThan(without.gossip.deliveries);
  expect(with_.gossip.deliveries / all).toBeGreaterThan(0.99);
});
