// node rows.mjs FILE: ms of CPU for one reply, bytes to objects, all threads of the process counted.
import { readFileSync } from "node:fs";

const bytes = readFileSync(process.argv[2]);

function decode() {
  const reply = JSON.parse(bytes.toString());
  if (!reply.success) throw new Error("no success");
  const rows = reply.result[0].results.rows.map(([id, name, score, visits, note]) => ({ id, name, score, visits, note }));
  let sum = 0;
  for (const row of rows) sum += row.id * 31 + row.visits;
  return sum;
}

const warm = 5, measured = 10;
for (let i = 0; i < warm; ++i) decode();
const before = process.cpuUsage();
let sum = 0;
for (let i = 0; i < measured; ++i) sum = decode();
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000 / measured, sum);
