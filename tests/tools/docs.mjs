// Runs the `console` blocks of a document in one shell and compares what they print: `node docs.mjs PROGRAM DOCUMENT`.
// Lines that begin with "$ " are commands; "..." in the lines after them stands for any text.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";

import { temporaryFolder } from "./local_server.mjs";

const [program, document] = process.argv.slice(2);
const steps = [];
for (const [, block] of readFileSync(document, "utf8").matchAll(/^```console\n(.*?)^```/gms))
  for (const line of block.trimEnd().split("\n"))
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), expected: [] });
    else steps.at(-1).expected.push(line);
assert.ok(steps.length > 20);

const mark = "==== step";
const script = steps.map(({ command }) => `${command}\necho "${mark} $?"\n`).join("");
const environment = { ...process.env, PATH: `${dirname(program)}:${process.env.PATH}` };
const run = spawnSync("bash", ["-c", script], { cwd: temporaryFolder(), env: environment, encoding: "utf8", timeout: 60_000 });
const outputs = run.stdout.split(new RegExp(`${mark} (\\d+)\\n`));

const literally = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
steps.forEach(({ command, expected }, i) => {
  const [output, code] = [outputs[2 * i], outputs[2 * i + 1]];
  const pattern = new RegExp(`^${expected.map((line) => line.split("...").map(literally).join(".*")).join("\n")}\n?$`, "s");
  assert.match(output, pattern, `${command}\n${run.stderr}`);
  assert.equal(code, "0", `${command}\n${run.stderr}`);
});
console.log(`${steps.length} commands print what the document says`);
