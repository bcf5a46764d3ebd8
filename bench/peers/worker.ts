/**
 * A process of its own for one JavaScript library: `node worker.js ADAPTER`, driven by lines on its standard input
 * (messages.ts). What a library prints goes to standard error.
 */
import { createInterface } from 'node:readline';
import type { Adapter, Setup, Subject, Timing, Work } from './adapter.js';
import { decodeMessage, encodeMessage } from './messages.js';

export type Request =
  | { readonly do: 'open'; readonly setup: Setup }
  | { readonly do: 'output' }
  | { readonly do: 'train'; readonly count: number }
  | { readonly do: 'push'; readonly count: number }
  | { readonly do: 'time'; readonly work: Work; readonly count: number };

const adapter = ((await import(process.argv[2] as string)) as { default: Adapter }).default;
console.log = console.error;
let subject: Subject | undefined;

async function answer(request: Request): Promise<unknown> {
  if (request.do === 'open') {
    subject = await adapter.open(request.setup);
    return { about: subject.about };
  }
  if (!subject) throw new Error('nothing is open');
  switch (request.do) {
    case 'output':
      return { output: await able(subject.output)() };
    case 'train':
      return { losses: Float32Array.from(await repeat(able(subject.train), request.count)) };
    case 'push': {
      subject.reset?.();
      const push = able(subject.push);
      // An output may be written over by the next.
      const outputs = await repeat(async (i) => [...(await push(i))], request.count);
      return { output: Float32Array.from(outputs.flat()) };
    }
    case 'time':
      return await time(able(subject[request.work]), request.count);
  }
}

function able<F>(method: F | undefined): F {
  if (method === undefined) throw new Error('this library cannot do this work');
  return method;
}

async function repeat<T>(call: (i: number) => T | Promise<T>, count: number): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < count; i++) results.push(await call(i));
  return results;
}

/** A library that answers at once is not made to wait for a turn of the event loop. */
async function time(call: (i: number) => unknown, count: number): Promise<Timing> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const result = call(i);
    if (result instanceof Promise) await result;
  }
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { wall: wall / count, cpu: (user + system) / 1000 / count };
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply: unknown;
  try {
    reply = await answer(decodeMessage(line) as Request);
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(encodeMessage(reply));
}
