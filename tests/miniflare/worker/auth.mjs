// Credentials and the two token verification routes. All of it is the mapping's, with Cloudflare's codes.

import { ApiError, methodNotAllowed, ok } from "./envelope.mjs";

// Known to the tests. The second token stands for one that an account owns: /user/tokens/verify does not know it.
const USER_TOKEN = "test-token";
const ACCOUNT_TOKEN = "test-account-token";
const EMAIL = "test@example.com";
const KEY = "test-key";

/** Returns the token, or null for e-mail and key; throws for anything else. */
export function authenticate(headers) {
  const authorization = headers.get("Authorization");
  const email = headers.get("X-Auth-Email");
  const key = headers.get("X-Auth-Key");
  if (authorization !== null) {
    const token = /^Bearer ([!-~]+)$/.exec(authorization)?.[1];
    // Two credentials at once are a client's mistake, refused so that the tests notice.
    if (token === undefined || email !== null || key !== null) {
      const chained = { code: 6111, message: "Invalid format for Authorization header" };
      const error = new ApiError(400, 6003, "Invalid request headers");
      error.errors[0].error_chain = [chained];
      throw error;
    }
    return token;
  }
  if (email === null || key === null)
    throw new ApiError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
  if (email !== EMAIL || key !== KEY) throw new ApiError(403, 9103, "Unknown X-Auth-Key or X-Auth-Email");
  return null;
}

export function requireKnown(token) {
  if (token !== null && token !== USER_TOKEN && token !== ACCOUNT_TOKEN)
    throw new ApiError(401, 10000, "Authentication error");
}

export function verify(method, token, { account }) {
  if (method !== "GET") throw methodNotAllowed(method);
  const known = token === USER_TOKEN || (account && token === ACCOUNT_TOKEN);
  if (!known) throw new ApiError(401, 1000, "Invalid API Token");
  return ok({ id: "ed17574386854bf78a67040be0a770b0", status: "active" },
            { messages: [{ code: 10000, message: "This API Token is valid and active", type: null }] });
}
