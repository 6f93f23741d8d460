// node bench/report.mjs RESULTS.json: draws the results of `bench/run.sh --json RESULTS.json` as docs/performance.svg, and
// writes machine, versions and their table into docs/performance.md, between its two marks.
import { execSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const docs = new URL('../docs/', import.meta.url);

// How many times as fast, or as cheap, as its baseline something is, and as its bar asks for.
const speed = (bar, ratio) => (bar.startsWith('<=') ? 1 / ratio : ratio);
const needed = (bar) => speed(bar, Number(bar.slice(2)));
const short = (n) => Number(n.toPrecision(3)).toString();

function drawing(rows) {
  const line = 20, top = 44, left = 250, width = 400, bottom = top + rows.length * line;
  const values = rows.flatMap(({ bar, ratio }) => [speed(bar, ratio), needed(bar)]);
  const low = 2 ** Math.floor(Math.log2(Math.min(1, ...values))), high = 2 ** Math.ceil(Math.log2(Math.max(2, ...values)));
  const x = (value) => left + (Math.log2(value / low) / Math.log2(high / low)) * width;
  const parts = [];
  for (let tick = low; tick <= high; tick *= 2) {
    parts.push(`<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${top - 6}" y2="${bottom}"/>`);
    parts.push(`<text class="tick" x="${x(tick)}" y="${top - 12}">${tick}</text>`);
  }
  rows.forEach(({ name, vs, bar, ratio, pass }, i) => {
    const y = top + i * line, value = speed(bar, ratio), from = Math.min(x(1), x(value));
    parts.push(`<text class="name" x="${left - 10}" y="${y + 13}">${name} / ${vs}</text>`);
    parts.push(`<rect class="${pass ? 'pass' : 'miss'}" x="${from}" y="${y + 3}" width="${Math.abs(x(value) - x(1))}" height="${line - 7}"/>`);
    parts.push(`<line class="bar" x1="${x(needed(bar))}" x2="${x(needed(bar))}" y1="${y + 1}" y2="${y + line - 2}"/>`);
    parts.push(`<text class="value" x="${Math.max(x(1), x(value), x(needed(bar))) + 6}" y="${y + 13}">${short(value)}</text>`);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="720" height="${bottom + 12}" viewBox="0 0 720 ${bottom + 12}" role="img">
<title>How many times as fast, or as small, as its baseline each benchmark is</title>
<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .name { text-anchor: end; } .tick { text-anchor: middle; fill: #57606a; }
  .grid { stroke: #d0d7de; } .one { stroke: #57606a; } .bar { stroke: #24292f; stroke-width: 2; }
  .pass { fill: #2f81c7; } .miss { fill: #c2410c; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .tick { fill: #9198a1; }
    .grid { stroke: #3d444d; } .one { stroke: #9198a1; } .bar { stroke: #e6edf3; }
    .pass { fill: #4c9be8; } .miss { fill: #f0883e; }
  }
</style>
<text x="${left - 40}" y="${top - 12}" class="name">times as fast, or as small</text>
${parts.join('\n')}
</svg>
`;
}

const table = (rows) =>
  ['| name | baseline | ours | theirs | ratio | bar |', '|---|---|---|---|---|---|']
    .concat(
      rows.map(
        ({ name, vs, ours, baseline, unit, ratio, bar, pass }) =>
          `| ${name} | ${vs} | ${short(ours)} ${unit} | ${short(baseline)} ${unit} | ${short(ratio)} | ${bar}${pass ? '' : ' missed'} |`,
      ),
    )
    .join('\n');

const first = (command) => execSync(command, { encoding: 'utf8' }).split('\n')[0];
const machine = `${cpus().length} cores (${cpus()[0].model}), ${first('g++ --version').replace(/ \(.*\)/, '')}, ${first('curl --version').split(' (')[0]}, node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;

// What building costs has a table of its own, and the exponents of growth are not ratios.
const drawn = results.filter(({ name }) => !/-(cost|size)$|^growth$/.test(name));
writeFileSync(new URL('performance.svg', docs), drawing(drawn));
const page = new URL('performance.md', docs);
const text = readFileSync(page, 'utf8');
const [begin, end] = ['<!-- results -->', '<!-- end of results -->'];
if (!text.includes(begin) || !text.includes(end)) throw new Error(`docs/performance.md lacks ${begin} or ${end}`);
writeFileSync(
  page,
  text.slice(0, text.indexOf(begin) + begin.length) + `\n\nOn ${machine}:\n\n${table(results)}\n\n` + text.slice(text.indexOf(end)),
);
