/** Certificates for tests, made when they are needed: an authority, and those that it signs. X.509 v3 with ECDSA over P-256 (RFC 5280). */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface Certified {
  /** The certificate as PEM. */
  readonly cert: string;
  /** Its key as PEM. */
  readonly key: string;
  readonly name: string;
  readonly privateKey: KeyObject;
}

interface Wanted {
  readonly name: string;
  /** Host names that it is for; an authority is for none. */
  readonly hosts?: readonly string[];
  /** Absent: it signs itself. */
  readonly by?: Certified;
  readonly until_ms?: number;
}

const DAY_MS = 86_400_000;

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content);
const time = (ms: number) =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
const named = (name: string) => sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(name)))));
/** ecdsa-with-SHA256 */
const ALGORITHM = sequence(oid("2a8648ce3d040302"));
const TRUE = der(0x01, Buffer.from([0xff]));

function extension(hosts: readonly string[] | undefined): Buffer {
  // Basic constraints: an authority. Alternative names: the hosts.
  if (hosts === undefined) return sequence(oid("551d13"), TRUE, der(0x04, sequence(TRUE)));
  return sequence(oid("551d11"), der(0x04, sequence(...hosts.map((host) => der(0x82, Buffer.from(host))))));
}

let serial = 0;

export function certificate({ name, hosts, by, until_ms = Date.now() + DAY_MS }: Wanted): Certified {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1, ++serial])),
    ALGORITHM,
    named(by?.name ?? name),
    sequence(time(Math.min(Date.now(), until_ms) - DAY_MS), time(until_ms)),
    named(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extension(hosts))),
  );
  const signature = sign("sha256", body, by?.privateKey ?? privateKey);
  const whole = sequence(body, ALGORITHM, bits(signature)).toString("base64");
  const cert = `-----BEGIN CERTIFICATE-----\n${whole.match(/.{1,64}/g)?.join("\n") ?? ""}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), name, privateKey };
}
