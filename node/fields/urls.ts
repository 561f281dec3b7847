/** URLs and headers that people write for the agents of their node: checked when the file is read, so that a slip costs no task. */
import { z } from "zod";
import { must, say } from "./fields.ts";
import { hostOf, isDisguised, isWritten, mayReach, reachOf } from "./reach.ts";
import { NAMED, type SecretText, secretText } from "./secrets-in-text.ts";

const URL_CHARS_MAX = 2048;
const HEADERS_MAX = 32;
const HEADER_CHARS_MAX = 4096;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
/** Names that say: this is a secret. */
const SECRET = /authorization|cookie|key|token|secret|password/i;
/** What the connection itself needs, or what a handler says of its own. */
const TAKEN = new Set(
  "host connection content-length content-type transfer-encoding accept-encoding expect upgrade te trailer idempotency-key moot-fence".split(
    " ",
  ),
);

/** A URL of http or https without credentials, its address (if it is one) in the plain spelling. */
export function urlField(example: string) {
  return z.string(must(`a URL such as ${example}`)).check((context) => {
    const wrong = wrongUrl(context.value, example);
    if (wrong !== undefined) say(context, wrong);
  });
}

function wrongUrl(text: string, example: string): { problem: string; remedy: string } | undefined {
  const shown = JSON.stringify(text.slice(0, 80));
  const url = text.length <= URL_CHARS_MAX && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:\/\//i.test(text))
    return { problem: `is ${shown}`, remedy: `it must be a URL of http or https such as ${example}` };
  if (url.username !== "" || url.password !== "" || /^[a-z]+:\/\/[^/?#\\]*@/i.test(text))
    return {
      problem: "has credentials in it",
      remedy: `put them into a header, as ${NAMED} of an environment variable`,
    };
  if (isDisguised(text)) return { problem: `is ${shown}`, remedy: `write its host plainly: ${url.hostname}` };
  return undefined;
}

/** For the map that has `url` and `allow_private`: an address that will always be refused is said now. */
export function checkReach(
  context: z.core.ParsePayload<{ readonly url: string; readonly allow_private: boolean }>,
): void {
  const { url, allow_private } = context.value;
  if (!URL.canParse(url)) return;
  const host = hostOf(new URL(url));
  if (host === "localhost" || !isWritten(url) || mayReach(host, { allow_private, written: true })) return;
  const remedy = reachOf(host) === "never" ? "write the address of a host" : "write allow_private: true if you mean it";
  context.issues.push({
    code: "custom",
    input: url,
    path: ["url"],
    message: `names ${host}, which is not an address of the internet or of a private network`,
    params: { remedy },
  });
}

export const privateField = z.boolean(must("true or false")).default(false);

/** A map of names to texts. Whatever is secret comes from the environment: `Bearer ${NAME}`. */
export function headersField() {
  const right = `a map of headers, such as { Authorization: "Bearer ${NAMED}" }`;
  return z
    .record(z.string(), secretText(`a text, with ${NAMED} for an environment variable`, HEADER_CHARS_MAX), must(right))
    .check((context) => {
      const names = Object.keys(context.value);
      if (names.length > HEADERS_MAX)
        say(context, { problem: `has ${names.length} headers`, remedy: `at most ${HEADERS_MAX}` });
      for (const name of names) {
        const wrong = wrongHeader(name, context.value[name]);
        if (wrong === undefined) continue;
        const { problem, remedy } = wrong;
        context.issues.push({ code: "custom", input: name, path: [name], message: problem, params: { remedy } });
      }
    })
    .default({});
}

function wrongHeader(name: string, value: SecretText | undefined): { problem: string; remedy: string } | undefined {
  if (!TOKEN.test(name)) return { problem: "is not a header's name", remedy: "use letters, digits and '-'" };
  if (TAKEN.has(name.toLowerCase())) return { problem: "is set by the node", remedy: "leave it out" };
  if (SECRET.test(name) && value !== undefined && value.names.length === 0)
    return { problem: "is a secret in the file", remedy: `write ${NAMED}, and list NAME in the agent's env` };
  return undefined;
}
