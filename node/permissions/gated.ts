/**
 * A service of libp2p behind admission: it hears of a peer when that is admitted and not before, streams of others are reset
 * before it sees them, and what it opens waits. Needs nothing of the service but that it uses libp2p's registrar and connection
 * manager, as gossip and the DHT do.
 */
import type { gossipsub } from "@libp2p/gossipsub";
import type { StreamHandler, Topology } from "@libp2p/interface";
import { ourPeer } from "../host/peers.ts";
import type { Gate } from "./admission.ts";

type Components = Pick<Parameters<ReturnType<typeof gossipsub>>[0], "registrar" | "connectionManager">;
type Registrar = Components["registrar"];
type ConnectionManager = Components["connectionManager"];

/** `make` as it is where there is no gate. */
export function gated<C extends Components, S>(
  make: (components: C) => S,
  gate: Gate | undefined,
): (components: C) => S {
  if (gate === undefined) return make;
  return (components) => {
    const registrar = overlaid(components.registrar, registrarWith(components.registrar, gate));
    const connectionManager = overlaid(components.connectionManager, managerWith(components.connectionManager, gate));
    return make(overlaid(components, { registrar, connectionManager }));
  };
}

function registrarWith(registrar: Registrar, gate: Gate): Pick<Registrar, "handle" | "register"> {
  return {
    handle: (protocol, handler, options) => registrar.handle(protocol, gatedHandler(handler, gate), options),
    register: (protocol, topology, options) => registrar.register(protocol, gatedTopology(topology, gate), options),
  };
}

export function gatedHandler(handler: StreamHandler, gate: Gate): StreamHandler {
  return (stream, connection) => {
    if (gate.isAdmitted(ourPeer(connection.remotePeer))) return handler(stream, connection);
    return stream.abort(new Error("the peer is not admitted"));
  };
}

function gatedTopology(topology: Topology, gate: Gate): Topology {
  return {
    ...topology,
    onConnect: async (peer, connection) => {
      try {
        await gate.admitted(connection);
      } catch {
        return; // it never was: nobody has to hear that it is gone
      }
      await topology.onConnect?.(peer, connection);
    },
  };
}

function managerWith(manager: ConnectionManager, gate: Gate): Pick<ConnectionManager, "openStream"> {
  return {
    openStream: async (peer, protocol, options) => {
      const connection = await manager.openConnection(peer, options);
      await gate.admitted(connection);
      return connection.newStream(protocol, options);
    },
  };
}

/** The same object, with some of its members in another form. Its methods stay its own. */
function overlaid<T extends object>(object: T, members: object): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
