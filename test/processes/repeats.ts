/**
 * Loaded before `moot up`: makes it a node that says everything twice. The seam is the host that the driver is given: whatever
 * the machines send goes out as two frames on the wire, and whatever they publish as two publications. Every other copy goes out
 * late, when what it belongs to is over. Nothing is dropped or put in another order, and all else is the node that users run.
 */
import { Driver, type Host } from "../../node/driver/mod.ts";
import type { TopicDocument } from "../../protocols/mod.ts";

/** An echo is decided by then. */
const LATE_MS = 400;

const { begin } = Driver.prototype;
Driver.prototype.begin = function (this: Driver, parts) {
  begin.call(this, { ...parts, host: repeating(parts.host) });
};

function repeating(host: Host): Host {
  const { send, publish } = host;
  let count = 0;
  const twice = (say: () => void, again = say) => {
    say();
    count += 1;
    if (count % 2 === 0) again();
    else setTimeout(again, LATE_MS).unref();
  };
  return Object.assign(host, {
    send: (...words: Parameters<Host["send"]>) => twice(() => send.apply(host, words)),
    publish: (...[shard, document]: Parameters<Host["publish"]>) =>
      twice(
        () => publish.call(host, shard, document),
        () => publish.call(host, shard, otherwise(document)),
      ),
  });
}

/** The same said anew: gossip drops what it has seen byte for byte, and the machines would never hear of it. */
function otherwise(document: TopicDocument): TopicDocument {
  return "issued_ms" in document ? { ...document, issued_ms: document.issued_ms + 1 } : document;
}
