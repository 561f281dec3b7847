/**
 * What a page carries within itself: the chart library, and this folder's own client script as one text. The client is written as
 * modules for the compiler; a page has no place to import them from, so each becomes a function that is called at once, and comments
 * stay at home. From the
 * sources they are TypeScript whose types are blanked out, from a build they are JavaScript already.
 */
import { readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { extname } from "node:path";
import { tight } from "./tight.ts";

/** Each after those that it uses while it loads. */
const MODULES = ["dom", "words", "view", "picture", "sequence", "charts", "lanes", "story", "network", "main"] as const;

export interface Assets {
  readonly library: string;
  readonly libraryStyle: string;
  readonly script: string;
}

let read: Assets | undefined;

export function assets(): Assets {
  read ??= { library: libraryFile("uPlot.iife.min.js"), libraryStyle: libraryFile("uPlot.min.css"), script: script() };
  return read;
}

function libraryFile(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), "utf8").trim();
}

function script(): string {
  const ending = extname(import.meta.url);
  const texts = MODULES.map((name) => readFileSync(new URL(`./client/${name}${ending}`, import.meta.url), "utf8"));
  const plain = ending === ".ts" ? untyped(texts) : texts;
  return tight(`"use strict";{\n${plain.map(inlined).join("\n")}\n}`);
}

/** Node says with every first use that this function may change. That is no news for who runs a simulation. */
function untyped(texts: readonly string[]): string[] {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return texts.map((text) => stripTypeScriptTypes(text));
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A module keeps its scope; what it exports, all others see under the same name. */
function inlined(text: string): string {
  const names = [...text.matchAll(EXPORT)].map(([, , name]) => name);
  const inner = text
    .replaceAll(/^import\b[^;]*;$/gm, "")
    .replaceAll(EXPORT, "$1 $2")
    .replaceAll(/^\s*\/\*\*[\s\S]*?\*\/$/gm, "")
    .replaceAll(/^\s*\/\/.*$/gm, "");
  return `const { ${names.join(", ")} } = (() => {\n${inner}\nreturn { ${names.join(", ")} };\n})();`;
}
const EXPORT = /^export (async function|function|class|const) (\w+)/gm;
