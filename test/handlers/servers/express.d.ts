/** What of Express the server for tests uses: the package has no types of its own. */
declare module "express" {
  import type { IncomingMessage, Server, ServerResponse } from "node:http";

  export type Request = IncomingMessage;
  export interface Response extends ServerResponse {
    json(value: unknown): void;
    status(code: number): this;
    send(text: string): void;
  }
  export type RequestHandler = (request: Request, response: Response, next: () => void) => void;
  interface Application {
    use(handler: RequestHandler): void;
    use(path: string, handler: RequestHandler): void;
    get(path: string, handler: RequestHandler): void;
    listen(port: number, host: string, listening: () => void): Server;
  }
  export default function express(): Application;
}
