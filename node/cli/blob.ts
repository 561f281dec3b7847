/** `moot blob`: large data at a node, for people and programs: put, get, list, drop. */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { type BlobRef, blobRef } from "../../protocols/blob/wire.ts";
import { parseDigest, parsePeerId } from "../../protocols/kernel/ids.ts";
import type { ApiClient } from "../api/mod.ts";
import { Fault } from "../fault.ts";
import { type ClientOptions, clientOf, collect, examples, forClients, parseCount } from "./options.ts";
import { duration, paint, plural, print, printJson, table, talk } from "./output.ts";
import { bytesText, download, pour, upload } from "./transfer.ts";

const EXAMPLES = `
Examples:
  $ moot blob put movie.mp4
  $ moot submit video.encode@1 --input '{"width":640}' --file video=movie.mp4
  $ moot blob get '{"$blob":"9f86…","bytes":1048576,"from":["12D3Koo…"]}' -o result.mp4
  $ moot blob get 9f86…                             (a blob that is at the node)

A blob is named by its contents. The node keeps it for a day after its last use (blobs.retention_ms), and longer while a task that it
keeps or runs refers to it.`;

export function blobCommand(): Command {
  const command = new Command("blob")
    .description("large data: put, get, list and drop blobs at a node")
    .addHelpText("after", EXAMPLES);
  command.addCommand(putCommand());
  command.addCommand(getCommand());
  command.addCommand(listCommand());
  command.addCommand(dropCommand());
  return command;
}

function putCommand(): Command {
  return forClients(new Command("put"))
    .description("store a file and print the reference that stands for it")
    .argument("<file>", "the file")
    .option("--media <type>", "what it is, such as video/mp4")
    .addHelpText(
      "after",
      examples("moot blob put movie.mp4 --media video/mp4", "moot blob put letters.txt > letters.ref"),
    )
    .action(async (file: string, flags: ClientOptions & { readonly media?: string }) => {
      const ref = await upload(clientOf(flags), file, flags.media);
      printJson(ref);
      if (flags.json !== true) talk(paint("dim", `${bytesText(ref.bytes)} stored`, process.stderr));
    });
}

interface GetFlags extends ClientOptions {
  readonly from?: readonly string[];
  readonly bytes?: number;
  readonly output?: string;
}

function getCommand(): Command {
  return forClients(new Command("get"))
    .description("write a blob to a file or stdout, fetched from its holder when the node does not have it")
    .argument(
      "<reference>",
      "a reference as put and results print it, @file with one, or the digest of a blob at the node",
    )
    .option("--from <peer>", "a peer that has it (again for more)", collect)
    .option("--bytes <n>", "its size, with a bare digest that the node does not have", parseCount)
    .option("-o, --output <file>", "where to write it; a download that was cut goes on there (default stdout)")
    .addHelpText(
      "after",
      examples(
        "moot blob get @letters.ref -o letters.txt",
        'moot blob get \'{"$blob":"9f86…","bytes":1048576,"from":["12D3Koo…"]}\' -o movie.mp4',
      ),
    )
    .action(async (text: string, flags: GetFlags) => {
      const client = clientOf(flags);
      const ref = await refOf(client, text, flags);
      if (flags.output === undefined) {
        if (process.stdout.isTTY)
          throw new Fault("usage", "a terminal is no place for a blob", {
            remedy: "add -o <file>, or redirect stdout",
          });
        return pour(client, ref, process.stdout);
      }
      await download(client, ref, flags.output);
      if (flags.json === true) printJson({ blob: ref.$blob, bytes: ref.bytes, file: flags.output });
      else talk(`${flags.output}: ${bytesText(ref.bytes)}`);
    });
}

async function refOf(client: ApiClient, text: string, flags: GetFlags): Promise<BlobRef> {
  const from = (flags.from ?? []).map((peer) => {
    const id = parsePeerId(peer);
    if (id === undefined) throw new Fault("usage", `--from ${peer} is no peer id`, { remedy: "moot peers lists them" });
    return id;
  });
  const $blob = parseDigest(text);
  if ($blob === undefined) {
    const ref = parseRef(text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text);
    return { ...ref, from: [...from, ...(ref.from ?? [])] };
  }
  const bytes = flags.bytes ?? (await client.blobs()).blobs.find(({ blob }) => blob === text)?.bytes;
  if (bytes !== undefined) return { $blob, bytes, from };
  throw new Fault("unknown-blob", `the node has no blob ${text}`, {
    remedy:
      "give the whole reference, as moot blob put and results print it, or its size with --bytes and a holder with --from",
  });
}

function parseRef(text: string): BlobRef {
  try {
    return blobRef.parse(JSON.parse(text));
  } catch (error) {
    throw new Fault("usage", "what was given is neither a digest nor a reference to a blob", {
      remedy: `give 64 hex digits, or {"$blob":"…","bytes":…}`,
      cause: error,
    });
  }
}

function listCommand(): Command {
  return forClients(new Command("list"))
    .description("show the blobs at the node")
    .addHelpText("after", examples("moot blob list", "moot blob list --json | jq -r '.blobs[].blob'"))
    .action(async (flags: ClientOptions) => {
      const found = await clientOf(flags).blobs();
      if (flags.json === true) return printJson(found);
      const now_ms = Date.now();
      const rows = found.blobs.map(({ blob, bytes, used_ms, pinned }) => [
        blob,
        bytesText(bytes),
        `${duration(Math.max(0, now_ms - used_ms))} ago`,
        pinned ? "yes" : "",
      ]);
      const columns = [
        { head: "BLOB" },
        { head: "SIZE", right: true },
        { head: "USED", right: true },
        { head: "NEEDED" },
      ];
      if (rows.length > 0) print(table(columns, rows));
      talk(
        paint(
          "dim",
          `${plural(rows.length, "blob")}, ${bytesText(found.used_bytes)} of ${bytesText(found.max_bytes)}`,
          process.stderr,
        ),
      );
    });
}

function dropCommand(): Command {
  return forClients(new Command("drop"))
    .description("remove blobs from the node")
    .argument("<digest...>", "their names, 64 hex digits each (moot blob list prints them)", parseDigests)
    .addHelpText("after", examples("moot blob drop $(moot blob list --json | jq -r '.blobs[].blob')"))
    .action(async (digests: readonly string[], flags: ClientOptions) => {
      const client = clientOf(flags);
      for (const digest of digests) await client.dropBlob(digest);
      if (flags.json === true) printJson({ dropped: digests });
      else talk(`${plural(digests.length, "blob")} removed`);
    });
}

function parseDigests(text: string, before: readonly string[] | undefined): readonly string[] {
  if (parseDigest(text) === undefined)
    throw new InvalidArgumentError("A blob is named by 64 hex digits, as moot blob list prints them.");
  return collect(text, before);
}
