// node vectors.mjs encode FLOATS | decode REPLY: ms of CPU for one go, all threads of the process counted.
import { readFileSync } from "node:fs";
import { measure } from "./measure.mjs";

const [mode, file] = process.argv.slice(2);
const bytes = readFileSync(file);
const dimensions = 768;

function encode() {
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  let lines = "";
  for (let row = 0; row * dimensions < floats.length; ++row) {
    const values = Array.from(floats.subarray(row * dimensions, (row + 1) * dimensions));
    lines += JSON.stringify({ id: `document-${row}`, values }) + "\n";
  }
  return Buffer.from(lines).length;
}

function decode() {
  const reply = JSON.parse(bytes.toString());
  if (!reply.success) throw new Error("no success");
  return reply.result.length;
}

measure(mode === "encode" ? encode : decode);
