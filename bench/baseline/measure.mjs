// Prints the ms of CPU that one call of `work` takes in all threads of the process, and what the last call returned.
const warm = 5, measured = 10;

export function measure(work) {
  for (let i = 0; i < warm; ++i) work();
  const before = process.cpuUsage();
  let last;
  for (let i = 0; i < measured; ++i) last = work();
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1000 / measured, last);
}
