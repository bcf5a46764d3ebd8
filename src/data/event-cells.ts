/**
 * Sums by entity and step: a cell for each pair of the two that has an event, found by a hash table with open addressing
 * (Knuth, "The Art of Computer Programming", volume 3, section 6.4), all of it in typed arrays. What it takes grows with the
 * number of cells, and not with that of the events.
 */

/** The cells, by numbers from 0 in the order in which they were made. */
export interface EventCells {
  /** The cell of an entity and a step; it is made where there is none. */
  cellOf(entity: number, step: number): number;
  /** How many there are. */
  size(): number;
  /** The entity and the step of each cell; longer than there are cells. */
  entities(): Int32Array;
  steps(): Int32Array;
  /** The numbers of all cells, `channels` for each. */
  values(): Float64Array;
}

const FEWEST = 1024;

/** @param initial  what stands in the channels of a new cell */
export function eventCells(initial: readonly number[]): EventCells {
  const channels = initial.length;
  let capacity = FEWEST;
  let size = 0;
  let entities = new Int32Array(capacity);
  let steps = new Int32Array(capacity);
  let values = new Float64Array(capacity * channels);
  /** Cells by their places, counted from 1; twice as many places as cells, so that most are found at once. */
  let table = new Int32Array(2 * capacity);
  let last = 0;

  function grow(): void {
    capacity *= 2;
    entities = enlarged(entities, new Int32Array(capacity));
    steps = enlarged(steps, new Int32Array(capacity));
    values = enlarged(values, new Float64Array(capacity * channels));
    table = new Int32Array(2 * capacity);
    for (let cell = 0; cell < size; cell++) {
      table[placeOf(entities[cell] as number, steps[cell] as number)] = cell + 1;
    }
  }

  /** The place of a cell, or the empty one where it belongs. */
  function placeOf(entity: number, step: number): number {
    const mask = table.length - 1;
    let place = hash(entity, step) & mask;
    for (;;) {
      const cell = (table[place] as number) - 1;
      if (cell < 0 || (entities[cell] === entity && steps[cell] === step)) return place;
      place = (place + 1) & mask;
    }
  }

  return {
    cellOf: (entity, step) => {
      // Events of one entity and step often follow each other.
      if (size > 0 && entities[last] === entity && steps[last] === step) return last;
      let place = placeOf(entity, step);
      const found = table[place] as number;
      if (found > 0) {
        last = found - 1;
        return last;
      }
      if (size === capacity) {
        grow();
        place = placeOf(entity, step);
      }
      last = size++;
      table[place] = size;
      entities[last] = entity;
      steps[last] = step;
      values.set(initial, last * channels);
      return last;
    },
    size: () => size,
    entities: () => entities,
    steps: () => steps,
    values: () => values,
  };
}

function enlarged<Numbers extends Int32Array | Float64Array>(old: Numbers, larger: Numbers): Numbers {
  larger.set(old);
  return larger;
}

/** Bits of both numbers in all places of the result: two odd factors, and the upper bits folded down. */
function hash(entity: number, step: number): number {
  const mixed = Math.imul(entity, 0x9e3779b1) ^ Math.imul(step, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
