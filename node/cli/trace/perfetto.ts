/**
 * A timeline as a native Perfetto trace (TrackEvent protobuf: protos/perfetto/trace/track_event in Perfetto's repository), for
 * ui.perfetto.dev. One track for the task, one for each peer below it; spans are slices, bids and votes are instants. Pure.
 */
import { shortPeer } from "../output.ts";
import { Message } from "./protobuf.ts";
import type { Lane, Mark, Span, Timeline } from "./timeline.ts";

/** Field numbers of the messages that are used. */
const TRACE = { packet: 1 } as const;
const PACKET = { timestamp: 8, sequence: 10, event: 11, flags: 13, clock: 58, descriptor: 60 } as const;
const DESCRIPTOR = { uuid: 1, name: 2, parent: 5, child_ordering: 11, rank: 12 } as const;
const EVENT = { annotation: 4, type: 9, track: 11, category: 22, name: 23 } as const;
const ANNOTATION = { text: 6, name: 10 } as const;
const TYPE = { begin: 1, end: 2, instant: 3 } as const;
/** ChildTracksOrdering EXPLICIT: by `sibling_order_rank`. */
const EXPLICIT = 3;
/** SEQ_INCREMENTAL_STATE_CLEARED. */
const CLEARED = 1;
/** BUILTIN_CLOCK_BOOTTIME: Perfetto's default trace clock. */
const BOOTTIME = 6;
const SEQUENCE = 1;
const ROOT = 1n;

export function perfettoOf(timeline: Timeline): Uint8Array {
  const trace = new Message();
  const skill = timeline.skill === undefined ? "" : ` ${timeline.skill}`;
  const root = new Message()
    .varint(DESCRIPTOR.uuid, ROOT)
    .text(DESCRIPTOR.name, `task ${timeline.task.slice(0, 12)}${skill}: ${timeline.status}`);
  trace.message(
    TRACE.packet,
    packet().varint(PACKET.flags, CLEARED).message(PACKET.descriptor, root.varint(DESCRIPTOR.child_ordering, EXPLICIT)),
  );
  timeline.lanes.forEach((lane, index) => {
    const track = ROOT + 1n + BigInt(index);
    const descriptor = new Message()
      .varint(DESCRIPTOR.uuid, track)
      .text(DESCRIPTOR.name, laneName(lane))
      .varint(DESCRIPTOR.parent, ROOT);
    trace.message(TRACE.packet, packet().message(PACKET.descriptor, descriptor.varint(DESCRIPTOR.rank, index)));
    for (const event of eventsOf(lane, track, timeline.start_ms)) trace.message(TRACE.packet, event);
  });
  return trace.finish();
}

function laneName({ peer, roles }: Lane): string {
  if (peer === undefined) return "task";
  return roles.length === 0 ? shortPeer(peer) : `${shortPeer(peer)} (${roles.join(", ")})`;
}

function packet(): Message {
  return new Message().varint(PACKET.sequence, SEQUENCE);
}

/** In the order of time, ends before begins, so that slices of one track nest. */
function eventsOf({ spans, marks }: Lane, track: bigint, start_ms: number): Message[] {
  const events = [
    ...spans.flatMap((span) => [
      { at_ms: span.start_ms, order: 1, event: begin(span, track) },
      {
        at_ms: span.end_ms,
        order: span.end_ms === span.start_ms ? 2 : 0,
        event: new Message().varint(EVENT.type, TYPE.end).varint(EVENT.track, track),
      },
    ]),
    ...marks.map((mark) => ({ at_ms: mark.at_ms, order: 3, event: instant(mark, track) })),
  ];
  const sorted = events.toSorted((left, right) => left.at_ms - right.at_ms || left.order - right.order);
  return sorted.map(({ at_ms, event }) =>
    packet()
      .varint(PACKET.timestamp, nanoseconds(at_ms - start_ms))
      .varint(PACKET.clock, BOOTTIME)
      .message(PACKET.event, event),
  );
}

function begin(span: Span, track: bigint): Message {
  const head = new Message().varint(EVENT.type, TYPE.begin).varint(EVENT.track, track);
  return described(head.text(EVENT.category, span.kind).text(EVENT.name, span.name), span.detail);
}

function instant(mark: Mark, track: bigint): Message {
  const head = new Message().varint(EVENT.type, TYPE.instant).varint(EVENT.track, track);
  return described(head.text(EVENT.category, mark.mood).text(EVENT.name, mark.name), mark.detail);
}

function described(event: Message, detail: string): Message {
  return event.message(EVENT.annotation, new Message().text(ANNOTATION.name, "detail").text(ANNOTATION.text, detail));
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.max(0, Math.round(ms))) * 1_000_000n;
}
