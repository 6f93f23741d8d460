// The v4 envelope, and the one error type every part of the Worker throws.

/** An answer with `success: false`. `bare` leaves `messages` and `result` out, as D1's own checks do on the live API. */
export class ApiError extends Error {
  constructor(status, code, message, { bare = false, more = [] } = {}) {
    super(message);
    this.status = status;
    this.errors = [{ code, message }, ...more];
    this.bare = bare;
  }

  toResponse() {
    const failure = { success: false, errors: this.errors };
    if (!this.bare) Object.assign(failure, { messages: [], result: null });
    return Response.json(failure, { status: this.status });
  }
}

export function ok(result, { status = 200, info, messages = [] } = {}) {
  const body = { result, success: true, errors: [], messages };
  if (info !== undefined) body.result_info = info;
  return Response.json(body, { status });
}

/** An envelope around text that is JSON already: the engine's numbers are not parsed and printed again. */
export function okRaw(resultText) {
  return new Response(`{"result":${resultText},"success":true,"errors":[],"messages":[]}`, {
    headers: { "Content-Type": "application/json" },
  });
}

export function unroutable(path) {
  return new ApiError(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`, {
    more: [{ code: 7000, message: "No route for that URI" }],
  });
}

export function methodNotAllowed(method) {
  return new ApiError(405, 10405, `Method ${method} not available for that URI.`);
}

/** Parses a JSON body or throws the error that `refusal` makes. */
export function parseJson(body, refusal) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw refusal();
  }
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A whole number from the query between `min` and `max`, or `fallback` when it is absent. */
export function wholeNumber(query, name, { min, max, fallback }, refusal) {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw refusal(`${name} must be a number from ${min} to ${max}, not ${text}`);
  return value;
}
