/** Token ids as samples: rows of whole numbers are sequences of one feature. */
import { DataError } from '../core/errors.js';
import { describe } from '../core/options.js';
import { type IdReading, placeOfStep, rowOfStep, type Samples } from './samples.js';

/** How ids from 0 to `below - 1` are read. */
export function idReading(below: number): IdReading {
  return {
    copy: (id, to, at, where, reader) => {
      if (typeof id !== 'number')
        throw new DataError(`${reader} expects ids but got ${describe(id)} at ${where()}`);
      to[at] = id;
    },
    check: (samples, reader) => checkIds(samples, below, reader),
  };
}

/** Looks for what is no id in real steps. */
function checkIds(samples: Samples, below: number, reader: string): void {
  const { data, mask } = samples;
  for (let i = 0; i < data.length; i++) {
    const id = data[i] as number;
    if (mask?.[i] === 0 || (id >= 0 && id < below && Math.floor(id) === id)) continue;
    if (rowOfStep(samples, i) === -1) continue;
    throw new DataError(
      `${reader} got the id ${id} in ${placeOfStep(samples, i)}: ids are whole numbers from 0 to ${below - 1}`,
    );
  }
}
