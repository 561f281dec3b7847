/** Who gets in: the network's key and nobody without it, and no open door without a key. */
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Fault } from "../../node/fault.ts";
import { makeNetworkKey, must, query, type Station, station, stopAll, until } from "./helpers.ts";

let stations: Station[] = [];
afterEach(async () => {
  await stopAll(stations);
  stations = [];
});

describe("a network with a key", () => {
  it.each([
    ["another key", makeNetworkKey()],
    ["no key", null],
  ])("never lets in a host with %s", async (_, networkKey) => {
    const inside = await station();
    const outside = await station({ networkKey, join: [inside] });
    const member = await station({ join: [inside] });
    stations.push(inside, outside, member);
    for (let round = 0; round < 3; round++) {
      outside.host.learn(inside.id, inside.host.addrs());
      inside.host.learn(outside.id, outside.host.addrs());
      outside.host.send(inside.id, query(1));
      inside.host.send(outside.id, query(1));
      await until(() => outside.unreachable.length > round && inside.unreachable.length > round, "both failed");
    }
    await until(() => inside.connected.length > 0, "a member is let in meanwhile");
    expect(outside.connected).toEqual([]);
    expect(inside.connected).toEqual([member.id]);
    expect([...inside.messages, ...outside.messages]).toEqual([]);
  });

  it("survives whoever says nothing, or rubbish, at its door", async () => {
    const inside = await station();
    stations.push(inside);
    const { port } = portOf(must(inside.host.addrs()[0]));
    const sockets = Array.from({ length: 40 }, (_, index) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.on("error", () => undefined);
      if (index % 2 === 0) socket.write(Buffer.alloc(4_096, index));
      return socket;
    });
    const member = await station({ join: [inside] });
    stations.push(member);
    await until(() => member.connected.includes(inside.id), "a member is let in");
    await until(() => sockets.every(({ closed }) => closed), "the silent are shown out");
  });
});

function portOf(address: string): { port: number } {
  return { port: Number(address.split("/")[4]) };
}

describe("a host without a key", () => {
  it("listens on loopback", async () => {
    const one = await station({ networkKey: null });
    const two = await station({ networkKey: null, join: [one] });
    stations.push(one, two);
    await until(() => two.connected.includes(one.id), "connected");
  });

  it.each(["/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/0", "/ip4/192.0.2.1/tcp/0"])(
    "refuses to listen on %s",
    async (address) => {
      const refusal = station({ networkKey: null, listen: ["/ip4/127.0.0.1/tcp/0", address] });
      await expect(refusal).rejects.toThrow(Fault);
      await expect(refusal).rejects.toMatchObject({ code: "config", remedy: expect.stringContaining("key") });
    },
  );
});

it("an address that is taken is a fault", async () => {
  const one = await station();
  stations.push(one);
  const taken = must(one.host.addrs()[0]).split("/p2p/")[0];
  await expect(station({ listen: [must(taken)] })).rejects.toMatchObject({ code: "network" });
});
