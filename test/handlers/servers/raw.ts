/**
 * A server that speaks HTTP badly, byte by byte, for tests: the first part of the path says how. Prints its port on stdout; `/seen`
 * tells how many connections are open. Ends when its stdin does.
 */
import { createServer, type Socket } from "node:net";

const TRICKLE_MS = 20;
const TEN_GB = 10 * 1024 ** 3;
const PIECE = Buffer.alloc(64 * 1024, "x");

const head = (status: string, headers: Readonly<Record<string, string>> = {}) => {
  const all = { "content-type": "application/json", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`;
};
const sized = (text: string, length = Buffer.byteLength(text)) =>
  `${head("200 OK", { "content-length": String(length) })}${text}`;
const EVENTS = { "content-type": "text/event-stream" };
const CHUNKED = { "transfer-encoding": "chunked" };

/** The same words for ever, slowly. */
function trickle(socket: Socket, words: string): void {
  const timer = setInterval(() => socket.write(words), TRICKLE_MS);
  socket.on("close", () => clearInterval(timer));
}

/** As much as it takes, up to ten gigabytes. */
function flood(socket: Socket, piece: Buffer = PIECE): void {
  let sent_bytes = 0;
  const more = () => {
    while (sent_bytes < TEN_GB && !socket.destroyed) {
      sent_bytes += piece.length;
      if (!socket.write(piece)) return;
    }
  };
  socket.on("drain", more);
  more();
}

function chunk(piece: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
}

const redirect = (to: string) => head("307 Temporary Redirect", { location: to, "content-length": "0" });

const ANSWERS: Readonly<Record<string, (socket: Socket) => void>> = {
  good: (socket) => socket.write(sized('{"good":true}')),
  trickle: (socket) => {
    socket.write(head("200 OK", CHUNKED));
    trickle(socket, "1\r\n \r\n");
  },
  "trickle-head": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
    trickle(socket, "x");
  },
  "trickle-events": (socket) => {
    socket.write(head("200 OK", EVENTS));
    trickle(socket, ":");
  },
  "trickle-error": (socket) => {
    socket.write(`${head("400 Bad Request", CHUNKED)}3\r\nbad\r\n`);
    trickle(socket, "1\r\n!\r\n");
  },
  "flood-announced": (socket) => {
    socket.write(head("200 OK", { "content-length": String(TEN_GB) }));
    flood(socket);
  },
  "flood-chunks": (socket) => {
    socket.write(head("200 OK", CHUNKED));
    flood(socket, chunk(PIECE));
  },
  "flood-lines": (socket) => {
    socket.write(head("200 OK", { "content-type": "application/x-ndjson" }));
    flood(socket, Buffer.from('{"progress":0.5}\n'.repeat(1_000)));
  },
  "flood-events": (socket) => {
    socket.write(head("200 OK", EVENTS));
    flood(socket, Buffer.from(": nothing\n\n".repeat(1_000)));
  },
  "flood-error": (socket) => {
    socket.write(head("400 Bad Request", CHUNKED));
    flood(socket, chunk(PIECE));
  },
  "flood-head": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx-long: ");
    flood(socket);
  },
  "flood-hints": (socket) => {
    socket.write(head("103 Early Hints", { link: "</a.css>; rel=preload" }));
    trickle(socket, head("103 Early Hints", { link: "</b.css>; rel=preload" }));
  },
  reset: (socket) => {
    socket.write(sized('{"half":', 100), () => socket.resetAndDestroy());
  },
  "reset-head": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-", () => socket.resetAndDestroy());
  },
  "reset-events": (socket) => {
    socket.write(`${head("200 OK", EVENTS)}data: {"choices"`, () => socket.resetAndDestroy());
  },
  silence: (socket) => socket.end(),
  circle: (socket) => socket.write(redirect("/back")),
  back: (socket) => socket.write(redirect("/circle")),
  proxy: (socket) => {
    const headers = { "proxy-authenticate": "Basic", "content-length": "19" };
    socket.write(`${head("407 Proxy Authentication Required", headers)}who are you at all?`);
  },
  longer: (socket) => socket.end(sized('{"a":1}', 100)),
  shorter: (socket) => socket.write(sized('{"a":1}', 5)),
  "two-lengths": (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 7\r\ncontent-length: 5\r\n\r\n{"a":1}`),
  "two-framings": (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 7\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n`),
  "odd-length": (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: -7\r\n\r\n{"a":1}`),
  "odd-chunk": (socket) => socket.write(`${head("200 OK", CHUNKED)}zz\r\n{"a":1}\r\n`),
  "no-http": (socket) => socket.write("SSH-2.0-OpenSSH_9.9\r\n"),
  switches: (socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
  packed: (socket) => socket.write(`${head("200 OK", { "content-encoding": "gzip" })}\u001f\u008b\u0008`, "latin1"),
  /** One answer, and in the same breath another that nobody asked for. */
  twins: (socket) => socket.write(sized('"first"') + sized('"second"')),
  /** The other comes while the connection is idle. */
  late: (socket) => {
    socket.write(sized('"first"'));
    setTimeout(() => socket.write(sized('"second"')), TRICKLE_MS);
  },
  /** It closes what is idle, and has not said that it would. */
  closes: (socket) => {
    socket.write(sized('"once"'));
    setTimeout(() => socket.end(), TRICKLE_MS);
  },
};

let open = 0;
const server = createServer((socket) => {
  open++;
  let asked = "";
  socket.on("close", () => open--).on("error", () => undefined);
  socket.on("data", (piece) => {
    asked += piece.toString("latin1");
    const found = /^(?:[A-Z]+) \/([a-z-]*)[\s\S]*?\r\n\r\n([\s\S]*)$/.exec(asked);
    const length = Number(/^content-length: (\d+)/im.exec(asked)?.[1] ?? "0");
    if (found === null || (found[2]?.length ?? 0) < length) return;
    asked = "";
    if (found[1] === "seen") return void socket.end(sized(JSON.stringify({ open: open - 1 })));
    ANSWERS[found[1] ?? ""]?.(socket);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
