/** What a model of an event log says of everybody in a log, at its end. */
import { FormatError } from '../../core/errors.js';
import {
  deserializePipeline,
  type Pipeline,
  readPreparation,
  type Sequential,
  type TableRow,
} from '../../index.js';
import type { Score } from '../table/scores.js';
import { cutOf, endOf, groupLog } from './log.js';
import { chances, type EventsAbout, scoreEvents } from './train.js';

export interface EventsModel {
  readonly model: Sequential;
  readonly about: EventsAbout;
}

/** Whether a file holds a model of an event log. */
export function isEventsModel(bytes: Uint8Array): boolean {
  const { about } = (readPreparation(bytes) ?? {}) as { readonly about?: { readonly job?: unknown } };
  return about?.job === 'events';
}

/** @throws FormatError for a file that says something else than `longhand train` wrote */
export function readEventsModel(bytes: Uint8Array): EventsModel {
  const { about } = readPreparation(bytes) as unknown as { readonly about: EventsAbout };
  const { entity, time, amount, horizon, ask, share } = about;
  const isSound =
    typeof entity === 'string' &&
    typeof time === 'string' &&
    (amount === null || typeof amount === 'string') &&
    Number.isInteger(horizon) &&
    (ask === 'occurs' || ask === 'absent') &&
    typeof share === 'number';
  if (!isSound) throw new FormatError('what it says of the columns of its log is not sound');
  const { model } = deserializePipeline<Pipeline>(bytes);
  return { model: model as unknown as Sequential, about };
}

/** Everybody with the chance, the likeliest first. */
export async function predictEvents({ model, about }: EventsModel, path: string): Promise<TableRow[]> {
  const end = await endOf(path, about);
  const sequences = (await groupLog(path, about, cutOf(end, 0), end)).test();
  const said = chances(model, sequences);
  return sequences.entities
    .map((id, row) => ({ [about.entity]: id, probability: Number((said[row] as number).toPrecision(6)) }))
    .sort((a, b) => (b.probability as number) - (a.probability as number));
}

/** How good the model is on the last weeks of a log, of everybody that is known before them. */
export async function evaluateEvents({ model, about }: EventsModel, path: string): Promise<Score[]> {
  const end = await endOf(path, about);
  const log = await groupLog(path, about, cutOf(end, about.horizon), end);
  return scoreEvents(model, log.test(), about.share);
}
