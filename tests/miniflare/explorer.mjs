// The Local Explorer answers part of the v4 API under its own path and without an account. This proxy only rewrites the path:
//   /client/v4/accounts/{account}/X  ->  /cdn-cgi/explorer/api/X

import { createServer, request } from "node:http";

const ACCOUNT = /^\/client\/v4\/accounts\/[^/?]+/;

export function startExplorerProxy(port) {
  const server = createServer((incoming, outgoing) => {
    const { host, ...headers } = incoming.headers;
    const path = incoming.url.replace(ACCOUNT, "/cdn-cgi/explorer/api");
    // A connection of its own for each request: a kept one may be closed by the server just when it is used again.
    const target = { agent: false, host: "127.0.0.1", port, method: incoming.method, path, headers };
    const forward = request(target, (reply) => {
      outgoing.writeHead(reply.statusCode, reply.rawHeaders);
      reply.pipe(outgoing);
    });
    forward.on("error", () => outgoing.destroy());
    incoming.pipe(forward);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
