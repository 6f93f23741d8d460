// The Local Explorer answers part of the v4 API under its own path and without an account. This proxy only rewrites the path:
//   /client/v4/accounts/{account}/X  ->  /cdn-cgi/explorer/api/X

import { Agent, createServer, request } from "node:http";

const ACCOUNT = /^\/client\/v4\/accounts\/[^/?]+/;

export function startExplorerProxy(port) {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const { host, ...headers } = incoming.headers;
    const path = incoming.url.replace(ACCOUNT, "/cdn-cgi/explorer/api");
    const forward = request({ agent, host: "127.0.0.1", port, method: incoming.method, path, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode, reply.rawHeaders);
      reply.pipe(outgoing);
    });
    forward.on("error", () => outgoing.destroy());
    incoming.pipe(forward);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
