/** What strangers write when they mean harm: texts and names, drawn from a seed so that a failure can be had again. No two are alike. */
import { seeded } from "./seeded.ts";

/** For shells, argument parsers, template engines and JSON. `@` stands for the path of a file that must never exist. */
const INJECTIONS = [
  "; touch @",
  "$(touch @)",
  "`touch @`",
  "| touch @ #",
  "&& touch @ &&",
  "\n touch @ \n",
  "' ; touch @ ; '",
  '" ; touch @ ; "',
  "$" + "{IFS}touch$" + "{IFS}@",
  "--eval=require('fs').writeFileSync('@','')",
  "--require @",
  "-e 'touch @'",
  "-",
  "--",
  "--help",
  "-n",
  "> @",
  "< /etc/hosts",
  "*",
  "~root",
  "%s%n%x",
  "!!",
  "{{7*7}}",
  "$" + "{jndi:ldap://127.0.0.1/a}",
  "() { :;}; touch @",
  "LD_PRELOAD=@",
  "NODE_OPTIONS=--require=@",
  "\\",
  '\\"}],"fence":0,"x":"',
  '"},"task":"forged","input":{"',
  "</script><script>",
  "__proto__",
  "constructor",
  "toString",
] as const;

/** For terminals and readers of lines. */
const CONTROLS = [
  "\u0000",
  "\r",
  "\r\n",
  "\n",
  "\n2026-01-01T00:00:00.000Z  forged      done by nobody",
  '\n{"type":"decided","task":"forged"}\n',
  "\u001b[2J\u001b[H",
  "\u001b]0;title\u0007",
  "\u001b]8;;http://example.com\u001b\\link\u001b]8;;\u001b\\",
  "\u001b]52;c;Zm9yZ2Vk\u0007",
  "\u001b[6n",
  "\u001bP+q544e\u001b\\",
  "\u009b31m",
  "\u009d0;title\u009c",
  "\b\b\b\b",
  "\u007f",
  "\t\v\f",
  "\u202egnp.exe",
  "\u2066\u2067\u2068\u2069",
  "\u200b\u200c\u200d\u2060\ufeff",
  "\u2028\u2029",
  "\u061c\u200e\u200f",
  "\u{e0041}\u{e007f}",
  "\ud800",
  "\udfff\ud800",
  "e\u0301\u0301\u0301",
  "日本🙂",
  "\u0085",
  "\u00ad",
  "\ufff9\ufffa\ufffb",
] as const;

const WORDS = ["note", "half way", "0.5", "", " ", "x".repeat(40), "a/b", "null", "{}", "[1"] as const;

/** `marker` stands where an injection would leave its trace. */
export function hostileTexts(count: number, marker = "/tmp/forged"): readonly string[] {
  const chance = seeded(count);
  const all = [...INJECTIONS, ...CONTROLS];
  return Array.from({ length: count }, (_, index) => {
    const first = all[index % all.length] ?? "";
    const text = `${chance.pick(WORDS)}${first}${chance.pick(WORDS)}${chance.pick(all)}${index}${chance.pick(all)}`;
    return text.replaceAll("@", marker);
  });
}

const STEPS = [
  "..",
  "../..",
  "....//",
  "..\\..",
  "%2e%2e",
  "..%2f",
  "%252e%252e/",
  "․․",
  "．．",
  "..\u0000",
  ".",
  "~",
  "",
] as const;
const GOALS = [
  "etc/passwd",
  "outside/secret",
  "secret",
  "identity.key",
  "store.sqlite",
  "a".repeat(300),
  "CON",
  "x\u0000.blob",
] as const;
const STARTS = [
  "",
  "/",
  "//",
  "./",
  "\\",
  "C:\\",
  "file:///",
  "sub/",
  "a/../",
  "\u202e",
  "-",
  "~/",
  "link/",
  "@/",
] as const;

/** Names that try to lead elsewhere. `outside` is a folder that exists and is none of theirs. */
export function hostileNames(count: number, outside: string): readonly string[] {
  const chance = seeded(count);
  return Array.from({ length: count }, (_, index) => {
    const step = STEPS[index % STEPS.length] ?? "";
    const steps = Array.from({ length: 1 + chance.below(6) }, () => step).join(chance.pick(["/", "/", "\\", "//"]));
    const name = `${chance.pick(STARTS)}${steps}/${chance.pick(GOALS)}`.replace("@", outside);
    return index % 7 === 0 ? `${outside}/secret` : `${name}${index % 3 === 0 ? "" : `.${index}`}`;
  });
}
