/** A worker process of the bench: a node or a bare host, told by its parent what to do. Ends with its parent. */
import { messageOf } from "../fault.ts";
import { BenchHost } from "./bench-host.ts";
import { BenchNode } from "./bench-node.ts";
import { type Order, orderSchema, type Reply } from "./orders.ts";

let node: BenchNode | undefined;
let host: BenchHost | undefined;

process.on("disconnect", () => process.exit());
process.on("message", (message) => {
  const order = orderSchema.parse(message);
  const { id } = order;
  perform(order).then(
    (value) => reply({ id, ok: true, value }),
    (error: unknown) => reply({ id, ok: false, message: messageOf(error) }),
  );
});

async function perform(order: Order): Promise<unknown> {
  switch (order.do) {
    case "node":
      node = await BenchNode.start(order.config, order.join);
      return { addrs: node.addrs };
    case "host":
      host = await BenchHost.start(order);
      return { addrs: host.addrs };
    case "trips":
      return (host ?? missing()).trips(order.over, order.count);
    case "tasks":
      return (node ?? missing()).tasks(order.count);
    case "load":
      return (node ?? missing()).load(order);
    case "stop":
      await node?.stop();
      await host?.stop();
      return null;
  }
}

function missing(): never {
  throw new Error("this worker was not told what it is");
}

function reply(reply: Reply): void {
  process.send?.(reply);
}
