// ts_get.mjs BASE_URL COUNT: the same reads with the official TypeScript SDK, 64 in flight. Prints the microseconds of CPU
// for one read.
import { createRequire } from 'node:module';

// Installed with the counterparts of the tests, pinned there.
const require = createRequire(new URL('../../tests/miniflare/package.json', import.meta.url));
const { default: Cloudflare } = require('cloudflare');

const [baseURL, count] = [process.argv[2], Number(process.argv[3])];
const client = new Cloudflare({ apiToken: 'token-of-a-benchmark-0123456789abcdef', baseURL });
const where = {
  account_id: '0123456789abcdef0123456789abcdef',
  namespace_id: 'fedcba9876543210fedcba9876543210',
};

async function run(count) {
  const chain = async () => {
    while (count-- > 0) {
      const reply = await client.kv.namespaces.values.get('settings/user-4711', where);
      if ((await reply.text()).length === 0) throw new Error('no value');
    }
  };
  await Promise.all(Array.from({ length: 64 }, chain));
}

await run(count); // warm: the JIT compiler needs some
const before = process.cpuUsage();
await run(count);
const used = process.cpuUsage(before);
console.log(((used.user + used.system) / count).toFixed(3));
process.exit(0);
