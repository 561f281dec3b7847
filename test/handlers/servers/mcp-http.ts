/** An MCP server over HTTP, for tests. Prints its port on stdout, ends when its stdin does. Argument: a port. */
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { toolServer } from "./mcp-tools.ts";

const handle = toNodeHandler(createMcpHandler(() => toolServer()));
const server = createServer((request, response) => {
  if (request.url === "/denied") return response.writeHead(401).end(`not ${request.headers.authorization}`);
  if (request.url === "/busy") return response.writeHead(503).end("later");
  const { method = "GET", url = "/" } = request;
  return void handle(Object.assign(request, { method, url }), response);
});
server.listen(Number(process.argv[2] ?? "0"), "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
