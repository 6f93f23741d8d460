// multipart/form-data by bytes. The runtime's own formData() turns a part without a file name into text, which would
// change a binary value; the live API stores the bytes.

const CRLF = "\r\n";
const latin1 = new TextDecoder("latin1");
const bytesOf = (text) => new TextEncoder().encode(text);

function indexOf(haystack, needle, from) {
  outer: for (let at = haystack.indexOf(needle[0], from); at !== -1; at = haystack.indexOf(needle[0], at + 1)) {
    for (let i = 1; i < needle.length; ++i) if (haystack[at + i] !== needle[i]) continue outer;
    return at;
  }
  return -1;
}

/** Map from part name to its bytes, or null if the body is no well-formed form. */
export function parseMultipart(body, contentType) {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  if (boundary === null) return null;
  const mark = bytesOf(`--${boundary[1] ?? boundary[2]}`);
  const delimiter = bytesOf(`${CRLF}--${boundary[1] ?? boundary[2]}`);
  const parts = new Map();
  let at = indexOf(body, mark, 0);
  if (at === -1) return null;
  at += mark.length;
  for (;;) {
    const after = latin1.decode(body.subarray(at, at + 2));
    if (after === "--") return parts;
    const headEnd = indexOf(body, bytesOf(CRLF + CRLF), at);
    if (after !== CRLF || headEnd === -1) return null;
    const head = latin1.decode(body.subarray(at, headEnd));
    const end = indexOf(body, delimiter, headEnd + 4);
    const name = /^content-disposition:.*?[;\s]name="([^"]*)"/im.exec(head)?.[1];
    if (end === -1 || name === undefined) return null;
    parts.set(name, body.subarray(headEnd + 4, end));
    at = end + delimiter.length;
  }
}
