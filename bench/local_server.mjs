// Starts cloudflare-local and miniflare with its v4 mapping, one after the other, gives both the same requests, and
// prints for each task how many of them a second of the server's CPU carries; and start time and memory.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const account = '0123456789abcdef0123456789abcdef';
const load = 'build/release/bench/server_load';
const tasks = { 'kv-get': 4000, 'kv-put': 3000, 'kv-bulk': 200, 'd1-query': 3000, 'd1-insert': 3000 };

// The process and all that it started.
function family(pid) {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      return [[Number(name), Number(readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) . /, '').split(' ')[0])]];
    } catch {
      return []; // it has ended
    }
  });
  const all = [pid];
  for (const one of all) all.push(...parents.filter(([, parent]) => parent === one).map(([child]) => child));
  return all;
}
// User and system time in seconds, in the kernel's hundredths.
const cpu = (pid) =>
  family(pid).reduce((sum, p) => {
    const fields = readFileSync(`/proc/${p}/stat`, 'utf8').replace(/^.*\) . /, '').split(' ');
    return sum + (Number(fields[10]) + Number(fields[11])) / 100;
  }, 0);
const megabytes = (pid) =>
  family(pid).reduce((sum, p) => sum + Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${p}/smaps_rollup`, 'utf8'))[1]) / 1024, 0);

async function measure(command, args, ready) {
  const begun = performance.now();
  const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const url = await new Promise((resolve, reject) => {
    let said = '';
    server.on('exit', () => reject(new Error(`${command} ended: ${said}`)));
    server.stdout.on('data', (text) => {
      said += text;
      const found = ready.exec(said);
      if (found) resolve(found[1]);
    });
  });
  const result = { start: performance.now() - begun };
  const ask = (task, count, [kv, d1]) => execFileSync(load, [url, kv, d1, task, String(count)], { encoding: 'utf8' });
  const made = ask('prepare', 0, ['new', 'new']).trim().split(' ');
  for (const [task, count] of Object.entries(tasks)) {
    ask(task, count / 10, made); // warm
    const before = cpu(server.pid);
    ask(task, count, made);
    result[task] = count / Math.max(cpu(server.pid) - before, 0.01);
  }
  result.memory = megabytes(server.pid);
  server.removeAllListeners('exit');
  server.stdin.end();
  server.kill('SIGTERM');
  await new Promise((resolve) => server.on('exit', resolve));
  return result;
}

const ours = await measure('build/release/src/server/cloudflare-local', ['--port', '0', '--token', 'test-token', '--account', account], /ready (http:\/\/\S+)/);
const theirs = await measure('node', ['tests/miniflare/server.mjs'], /ready (http:\/\/\S+)/);
const line = (name, unit, bar) => console.log(`miniflare/${name} ${ours[name].toFixed(1)} ${theirs[name].toFixed(1)} ${unit} ${bar}`);
for (const task of Object.keys(tasks)) line(task, 'requests/s', '>=5');
line('start', 'ms', '<=0.1');
line('memory', 'MB', '<=0.1');
