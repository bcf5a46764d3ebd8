/** An event log in a file, read in a stream as often as it takes, as sequences of weeks. */
import { createReadStream } from 'node:fs';
import { DataError } from '../../core/errors.js';
import { log1p } from '../../core/math.js';
import { MILLISECONDS_A_DAY } from '../../data/calendar.js';
import { type CsvType, type EventLog, groupEvents, streamCsv } from '../../index.js';

/** What is known of a log, and asked of it. It travels in the model's file. */
export interface EventColumns {
  readonly entity: string;
  readonly time: string;
  /** A column of numbers, summed up a week; null for none. */
  readonly amount: string | null;
  /** How many weeks ahead. */
  readonly horizon: number;
  readonly ask: 'occurs' | 'absent';
}

type LoggedEvent = Readonly<Record<string, number | string | boolean | null>>;

function read(path: string, { time, amount }: EventColumns): AsyncGenerator<LoggedEvent, void> {
  const columns: Record<string, CsvType> = {
    [time]: 'date',
    ...(amount === null ? {} : { [amount]: 'number' }),
  };
  return streamCsv(createReadStream(path), { columns, name: path }) as AsyncGenerator<LoggedEvent, void>;
}

/** Up to where the log goes: the end of the day of its last event. */
export async function endOf(path: string, columns: EventColumns): Promise<number> {
  let last = Number.NEGATIVE_INFINITY;
  for await (const event of read(path, columns)) last = Math.max(last, event[columns.time] as number);
  if (!Number.isFinite(last)) throw new DataError(`${path} has no event with a time in ${columns.time}`);
  return (Math.floor(last / MILLISECONDS_A_DAY) + 1) * MILLISECONDS_A_DAY;
}

/** The weeks of each entity before the cut, with the question after each of them. */
export function groupLog(path: string, columns: EventColumns, cut: number, end: number): Promise<EventLog> {
  const { entity, time, amount, horizon, ask } = columns;
  return groupEvents(read(path, columns), {
    entity,
    time,
    period: 'week',
    cut,
    end,
    horizon,
    features: {
      events: { take: 'count', map: 'log1p' },
      first: { take: 'isFirst' },
      ...(amount === null
        ? {}
        : {
            amount: {
              take: 'sum',
              column: amount,
              map: (sum: number) => Math.sign(sum) * log1p(Math.abs(sum)),
            },
          }),
    },
    label: { ask },
    name: path,
  });
}

/** When what is tested on begins: so many weeks before the end. */
export function cutOf(end: number, horizon: number): number {
  return end - 7 * MILLISECONDS_A_DAY * horizon;
}
