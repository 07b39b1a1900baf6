// The process of a contender that runs on Node: see bench/measure/serve.py, whose requests and answers it shares.
//
//     node serve.js MODULE URL

import { createInterface } from "node:readline";

const STRIDE = 7919;
let calls = 0;

function nextKeys(number, times) {
  const keys = Array.from({ length: times }, (_, place) => (((calls + place) * STRIDE) % number) + 1);
  calls += times;
  return keys;
}

// Statements are compiled synchronously, and an await would be most of their time.
function timed(run, count, keys) {
  for (const key of keys) run(key, count);
}

async function timedTasks(run, count, keys, tasks) {
  const remaining = keys[Symbol.iterator]();
  const drain = async () => {
    for (const key of remaining) await run(key, count);
  };
  await Promise.all(Array.from({ length: tasks }, drain));
}

async function answer(contenders, request) {
  if (request.do === "list") {
    return Object.fromEntries(Object.entries(contenders).map(([name, works]) => [name, Object.keys(works)]));
  }
  const work = contenders[request.of][request.case];
  if (request.do === "show") return { result: work.plain(await work.run(request.key, request.count)) };
  const keys = nextKeys(request.keys, request.times);
  const cpu = process.cpuUsage();
  const began = performance.now();
  if (work.isSync) timed(work.run, request.count, keys);
  else await timedTasks(work.run, request.count, keys, request.tasks);
  const seconds = (performance.now() - began) / 1e3;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpu: (user + system) / 1e6 };
}

const [module, url] = process.argv.slice(2);
let contenders;
for await (const line of createInterface({ input: process.stdin })) {
  let found;
  try {
    contenders ??= await (await import(`./${module}`)).opened(url);
    found = await answer(contenders, JSON.parse(line));
  } catch (error) {
    found = { error: error.stack };
  }
  process.stdout.write(JSON.stringify(found) + "\n");
}
process.exit();
