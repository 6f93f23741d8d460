// node rows.mjs FILE: ms of CPU for one reply, bytes to objects, all threads of the process counted.
import { readFileSync } from "node:fs";
import { measure } from "./measure.mjs";

const bytes = readFileSync(process.argv[2]);

function decode() {
  const reply = JSON.parse(bytes.toString());
  if (!reply.success) throw new Error("no success");
  const rows = reply.result[0].results.rows.map(([id, name, score, visits, note]) => ({ id, name, score, visits, note }));
  let sum = 0;
  for (const row of rows) sum += row.id * 31 + row.visits;
  return sum;
}

measure(decode);
