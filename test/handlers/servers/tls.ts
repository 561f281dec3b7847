/**
 * TLS in front of another server, for tests: decrypts, and hands on to a port of this machine. Arguments: a folder with `key.pem` and
 * `cert.pem`, that port, and (if not any) its own. Prints its port on stdout, and leaves in the folder's `names.json` the server names
 * that clients have asked for, one for each connection. Ends when its stdin does.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";

const [, , dir = ".", backend = "0", own = "0"] = process.argv;
const key = readFileSync(join(dir, "key.pem"));
const cert = readFileSync(join(dir, "cert.pem"));
const names: string[] = [];

const server = createServer({ key, cert }, (socket) => {
  names.push(typeof socket.servername === "string" ? socket.servername : "");
  writeFileSync(join(dir, "names.json"), JSON.stringify(names));
  const behind = connect(Number(backend), "127.0.0.1");
  socket.pipe(behind).pipe(socket);
  socket.on("error", () => behind.destroy());
  behind.on("error", () => socket.destroy());
});
server.on("tlsClientError", () => undefined);
server.listen(Number(own), "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
