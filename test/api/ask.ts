/** Plain HTTP with full say over headers, as a web page's browser or a hand-written program would send it. */
import { Agent, type IncomingHttpHeaders, request } from "node:http";

export interface Question {
  readonly port: number;
  readonly method?: string;
  readonly path?: string;
  /** Names and values in turn: a name may come twice. */
  readonly headers: readonly string[];
  readonly body?: string | Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

export function ask({ port, method = "GET", path = "/v1/status", headers, body }: Question): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, headers: [...headers], agent, setHost: false });
    asked.once("error", reject);
    asked.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        });
      });
    });
    asked.end(body);
  });
}
