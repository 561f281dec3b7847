/**
 * A real browser for the tests: Chromium, spoken to over its DevTools pipe. Notes every request that a page makes, every error and
 * every word on its console. Says `undefined` where there is no Chromium.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Readable, Writable } from "node:stream";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const paths = [
    process.env["CHROMIUM"] ?? "",
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
  ];
  return paths.find((path) => path !== "" && existsSync(path));
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}
type Params = Readonly<Record<string, unknown>>;
type Heard = (reply: Reply) => void;

export class Browser {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #input: Writable;
  readonly #waiting = new Map<number, { readonly resolve: Heard; readonly reject: (error: Error) => void }>();
  readonly #sessions = new Map<string, Heard>();
  #last = 0;
  #rest = "";

  constructor(path: string) {
    this.#folder = mkdtempSync(join(tmpdir(), "moot-chromium-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    const quiet = [
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-extensions",
    ];
    const profile = [`--user-data-dir=${this.#folder}`, "--remote-debugging-pipe", "about:blank"];
    this.#process = spawn(path, [...flags, ...quiet, ...profile], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const [, , , input, output] = this.#process.stdio;
    if (!(input instanceof Writable) || !(output instanceof Readable)) throw new Error("the browser has no pipe");
    this.#input = input;
    output.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    this.#process.on("exit", (code) => this.#end(new Error(`the browser ended with ${code}`)));
    this.#process.on("error", (error) => this.#end(error));
  }

  async page(): Promise<Page> {
    const { result: target = {} } = await this.send("Target.createTarget", { url: "about:blank" });
    const flat = { targetId: target["targetId"], flatten: true };
    const { result: attached = {} } = await this.send("Target.attachToTarget", flat);
    const session = String(attached["sessionId"]);
    const page = new Page(this, session);
    this.#sessions.set(session, (reply) => page.hear(reply));
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await page.send(`${domain}.enable`);
    return page;
  }

  send(method: string, params: Params = {}, sessionId?: string): Promise<Reply> {
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.#waiting.set(id, { resolve, reject });
    const session = sessionId === undefined ? {} : { sessionId };
    this.#input.write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return promise;
  }

  async close(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#process.once("exit", () => resolve()));
    this.#process.kill("SIGKILL");
    await gone;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #hear(text: string): void {
    const parts = (this.#rest + text).split("\0");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) {
      const reply: Reply = JSON.parse(part);
      const waiting = reply.id === undefined ? undefined : this.#waiting.get(reply.id);
      if (waiting === undefined) {
        this.#sessions.get(reply.sessionId ?? "")?.(reply);
        continue;
      }
      this.#waiting.delete(reply.id ?? 0);
      if (reply.error === undefined) waiting.resolve(reply);
      else waiting.reject(new Error(reply.error.message));
    }
  }

  #end(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

export class Page {
  /** Everything that was asked of a network or a disk. */
  readonly requests: string[] = [];
  readonly errors: string[] = [];
  readonly #browser: Browser;
  readonly #session: string;
  #loaded: (() => void) | undefined;

  constructor(browser: Browser, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  hear({ method, params = {} }: Reply): void {
    const text = JSON.stringify(params);
    if (method === "Network.requestWillBeSent") this.requests.push(/"url":"([^"]*)"/.exec(text)?.[1] ?? text);
    if (method === "Runtime.exceptionThrown" || method === "Runtime.consoleAPICalled" || method === "Log.entryAdded")
      this.errors.push(text);
    if (method === "Page.loadEventFired") this.#loaded?.();
  }

  send(method: string, params: Params = {}): Promise<Reply> {
    return this.#browser.send(method, params, this.#session);
  }

  async size(width: number, height: number): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  }
  async scheme(value: "light" | "dark"): Promise<void> {
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
  }

  /** Loaded, drawn, and at rest for two frames. */
  async open(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await this.send("Page.navigate", { url });
    await loaded;
    await this.settle();
  }
  async settle(): Promise<void> {
    await this.evaluate(
      "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))",
    );
  }

  /** The value of an expression, as text when it is not text already. */
  async evaluate(expression: string): Promise<string> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result = {} } = await this.send("Runtime.evaluate", asked);
    const { exceptionDetails, result: value } = result;
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    const found = typeof value === "object" && value !== null && "value" in value ? value.value : undefined;
    return typeof found === "string" ? found : JSON.stringify(found);
  }

  async press(key: string, code = 0): Promise<void> {
    const text = key === "Enter" ? { text: "\r" } : {};
    const pressed = { key, code: key, windowsVirtualKeyCode: code, ...text };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...pressed });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, code: key, windowsVirtualKeyCode: code });
    await this.settle();
  }

  /** PNG of what is seen. */
  async picture(): Promise<Buffer> {
    const { result = {} } = await this.send("Page.captureScreenshot", { format: "png" });
    return Buffer.from(String(result["data"]), "base64");
  }
}
