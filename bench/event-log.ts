/**
 * `npm run bench:events`: whether a log of events larger than memory is read in bounded memory. It writes a log of
 * 10,000,000 events of 5,000 customers over a year, 400 MB of CSV in random order, into the temporary folder, and one of
 * a tenth of it; streams each from the disk into weekly sequences, in a process of its own; and prints the events a
 * second and the most memory that the process had of the machine. What is kept is the same for both: sums by customer and week.
 *
 * `npm run bench:events -- --events 100000000` for another size.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Random } from '../src/core/random.js';
import { groupEvents, streamCsv } from '../src/index.js';

const EVENTS = 10_000_000;
const CUSTOMERS = 5_000;
const DAYS = 364;
const START = Date.UTC(2023, 0, 2);
const DAY = 86_400_000;
const ROWS_A_PIECE = 2000;

interface Figures {
  readonly events: number;
  readonly seconds: number;
  readonly sequences: string;
  /** In megabytes. */
  readonly resident: number;
}

function* lines(events: number): Generator<string> {
  const random = new Random(1);
  yield 'customer,date,amount,channel\r\n';
  for (let done = 0; done < events; done += ROWS_A_PIECE) {
    let piece = '';
    for (let k = 0; k < Math.min(ROWS_A_PIECE, events - done); k++) {
      const customer = String(random.below(CUSTOMERS)).padStart(6, '0');
      const date = new Date(START + random.below(DAYS * 1440) * 60_000).toISOString().slice(0, 16);
      piece += `C${customer},${date},${random.below(10_000) / 100},"web"\r\n`;
    }
    yield piece;
  }
}

async function read(path: string): Promise<Figures> {
  const began = performance.now();
  const columns = { customer: 'string', date: 'date', amount: 'number' } as const;
  const log = await groupEvents(streamCsv(createReadStream(path), { columns, others: 'skip', name: path }), {
    entity: 'customer',
    time: 'date',
    period: 'week',
    cut: new Date(START + 39 * 7 * DAY),
    horizon: 13,
    features: {
      purchases: { take: 'count', map: 'log1p' },
      spent: { take: 'sum', column: 'amount', map: 'log1p' },
    },
    label: { ask: 'occurs' },
    name: path,
  });
  const { x } = log.train();
  const seconds = (performance.now() - began) / 1000;
  const resident = process.resourceUsage().maxRSS / 1000;
  return { events: log.events, seconds, sequences: x.shape.join(' x '), resident };
}

async function measure(folder: string, events: number): Promise<Figures> {
  const path = join(folder, `${events}.csv`);
  await pipeline(lines(events), createWriteStream(path));
  const { size } = await stat(path);
  const self = fileURLToPath(import.meta.url);
  const { stdout, stderr, status } = spawnSync(process.execPath, [self, '--read', path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const figures = JSON.parse(stdout) as Figures;
  console.log(
    [
      `${events.toLocaleString('en')} events`.padStart(20),
      `${Math.round(size / 1e6)} MB`.padStart(8),
      `${figures.seconds.toFixed(1)} s`.padStart(8),
      `${Math.round(figures.events / figures.seconds).toLocaleString('en')} events/s`.padStart(18),
      `${Math.round(figures.resident)} MB at most`.padStart(16),
      `  ${figures.sequences}`,
    ].join(''),
  );
  await rm(path);
  return figures;
}

async function main(argv: readonly string[]): Promise<void> {
  const [flag, value] = argv;
  if (flag === '--read') {
    console.log(JSON.stringify(await read(value as string)));
    return;
  }
  const events = flag === '--events' ? Number(value) : EVENTS;
  const folder = await mkdtemp(join(tmpdir(), 'longhand-events-'));
  try {
    const tenth = await measure(folder, Math.ceil(events / 10));
    const all = await measure(folder, events);
    console.log(`ten times the events take ${(all.resident / tenth.resident).toFixed(2)} times the memory`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main(process.argv.slice(2));
