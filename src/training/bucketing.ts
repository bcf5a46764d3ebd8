/**
 * Rows of about one length in a batch, so that little of it is padding. The lengths are cut into buckets so
 * that the least is padded. Each epoch shuffles the rows, lines the buckets up, cuts the line into batches, and shuffles those: every row comes
 * once, beside others of its length each time. A batch has the steps of its longest bucket, so that there are few shapes
 * to plan for.
 */
import { ConfigError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { firstStep, type Samples } from '../data/samples.js';
import type { Batch, Feed } from './feed.js';
import { restoreOrder, rowOrder } from './run.js';
import type { Dataset } from './targets.js';

/** Fewer than the shapes of batches that are kept planned: one each, and as many again for the last smaller batch. */
const MOST_BUCKETS = 12;

/** How many lengths are looked at to find where buckets end. */
const MOST_CANDIDATES = 200;

/** Rows in batches of one size and about one length; without a generator in the order of their lengths. */
export class Buckets implements Feed {
  readonly batches: number;
  private readonly order: Int32Array;
  /** Where in `order` each batch begins, in the order in which they come. */
  private readonly starts: Int32Array;
  private readonly bucketOf: Int32Array;
  /** [buckets][inputs]: how many steps the longest row has. */
  private readonly longest: readonly (readonly number[])[];
  /** Where in the line of rows the smaller batch lies. */
  private smaller = 0;
  private batch = 0;

  /**
   * @param isFixed  which inputs have to keep all their steps
   * @throws ConfigError for data without steps
   */
  constructor(
    readonly dataset: Dataset,
    private readonly batchSize: number,
    private readonly random: Random | undefined,
    isFixed: readonly boolean[],
  ) {
    const { rows, inputs } = dataset;
    if (!inputs.some(({ sequence }) => sequence)) {
      throw new ConfigError(
        'fit: bucketByLength is for sequences but the rows of x have no steps: leave it out',
      );
    }
    const lengths = inputs.map((input, i) => (isFixed[i] ? fullLengths(input) : realLengths(input)));
    this.batches = Math.ceil(rows / batchSize);
    this.order = rowOrder(rows);
    this.starts = new Int32Array(this.batches);
    this.bucketOf = toBuckets(sumOf(lengths));
    this.longest = longestOf(this.bucketOf, lengths, inputs);
  }

  begin(_epoch: number, from: number): void {
    const { order, random, starts, batchSize, batches, bucketOf } = this;
    this.batch = from;
    restoreOrder(order);
    random?.shuffle(order);
    order.set(sortByBucket(order, bucketOf, this.longest.length));
    const rest = order.length % batchSize;
    this.smaller = rest === 0 || !random ? batches - 1 : random.below(batches);
    for (let k = 0; k < batches; k++)
      starts[k] = k * batchSize - (rest > 0 && k > this.smaller ? batchSize - rest : 0);
    random?.shuffle(starts);
  }

  next(): Batch | undefined {
    const { dataset, order, batches, batchSize, starts, smaller } = this;
    if (this.batch >= batches) return undefined;
    const start = starts[this.batch++] as number;
    const rest = order.length % batchSize;
    const count = rest > 0 && start === smaller * batchSize ? rest : batchSize;
    return { dataset, order, start, count, steps: this.stepsOf(start, count) };
  }

  /** The steps of the longest of the buckets that rows are from, which lie side by side. */
  private stepsOf(start: number, count: number): readonly number[] {
    const { order, bucketOf, longest } = this;
    const first = bucketOf[order[start] as number] as number;
    const last = bucketOf[order[start + count - 1] as number] as number;
    return longest
      .slice(first, last + 1)
      .reduce((steps, more) => steps.map((n, i) => Math.max(n, more[i] as number)));
  }
}

function fullLengths({ rows, steps }: Samples): Int32Array {
  return new Int32Array(rows).fill(steps);
}

/** How many steps each row has up to its last real one. */
function realLengths(samples: Samples): Int32Array {
  const { rows, steps, mask } = samples;
  const lengths = new Int32Array(rows).fill(steps);
  if (!mask) return lengths;
  return lengths.map((_, row) => {
    const first = firstStep(samples, row);
    return Math.max(1, mask.lastIndexOf(1, first + steps - 1) + 1 - first);
  });
}

function sumOf(lengths: readonly Int32Array[]): Int32Array {
  const [first, ...more] = lengths as [Int32Array, ...Int32Array[]];
  return first.map((length, row) => more.reduce((sum, each) => sum + (each[row] as number), length));
}

/** The bucket of each row, the short ones first: cut so that as little as can be is padding. */
function toBuckets(lengths: Int32Array): Int32Array {
  const bounds = boundsOf(lengths);
  return lengths.map((length) => bounds.findIndex((bound) => length <= bound));
}

/**
 * The longest lengths of the buckets. With the rows up to each of the candidates c_1 < c_2 ..., n_j of them, buckets up to
 * candidate j cost at least `cost[k][j] = min_i cost[k - 1][i] + (n_j - n_i) c_j` steps.
 */
function boundsOf(lengths: Int32Array): number[] {
  const sorted = lengths.slice().sort();
  const candidates = candidatesOf(sorted);
  const upTo = candidates.map((length) => sorted.lastIndexOf(length) + 1);
  let cost = candidates.map((length, j) => length * (upTo[j] as number));
  const cuts: number[][] = [];
  for (let k = 1; k < MOST_BUCKETS; k++) {
    const cut: number[] = [];
    const before = cost;
    cost = candidates.map((length, j) => {
      let best = before[j] as number;
      cut[j] = -1;
      for (let i = 0; i < j; i++) {
        const steps = (before[i] as number) + ((upTo[j] as number) - (upTo[i] as number)) * length;
        if (steps >= best) continue;
        best = steps;
        cut[j] = i;
      }
      return best;
    });
    cuts.push(cut);
  }
  const bounds = [candidates.length - 1];
  for (const cut of cuts.reverse()) {
    const before = cut[bounds[0] as number] as number;
    if (before >= 0) bounds.unshift(before);
  }
  return bounds.map((j) => candidates[j] as number);
}

/** Every length there is; where there are many, so many of them, evenly, the longest among them. */
function candidatesOf(sorted: Int32Array): number[] {
  const unique = [...new Set(sorted)];
  if (unique.length <= MOST_CANDIDATES) return unique;
  const picked = Array.from({ length: MOST_CANDIDATES }, (_, k) => {
    const place = Math.ceil(((k + 1) * unique.length) / MOST_CANDIDATES) - 1;
    return unique[place] as number;
  });
  return [...new Set(picked)];
}

/** The longest row of each bucket in each input. Inputs of equally many steps keep equally many: they may be merged. */
function longestOf(
  bucketOf: Int32Array,
  lengths: readonly Int32Array[],
  inputs: readonly Samples[],
): readonly (readonly number[])[] {
  const buckets = bucketOf.reduce((most, bucket) => Math.max(most, bucket), 0) + 1;
  const longest = Array.from({ length: buckets }, () => inputs.map(() => 0));
  bucketOf.forEach((bucket, row) => {
    const steps = longest[bucket] as number[];
    lengths.forEach((each, i) => {
      steps[i] = Math.max(steps[i] as number, each[row] as number);
    });
  });
  const alike = inputs.map(({ steps }) => inputs.flatMap((other, i) => (other.steps === steps ? [i] : [])));
  return longest.map((steps) => alike.map((same) => Math.max(...same.map((i) => steps[i] as number))));
}

/** The rows by their bucket, those of one bucket in the order that they have. */
function sortByBucket(order: Int32Array, bucketOf: Int32Array, buckets: number): Int32Array {
  const counts = new Int32Array(buckets);
  for (const bucket of bucketOf) counts[bucket] = (counts[bucket] as number) + 1;
  let start = 0;
  const places = counts.map((count) => {
    start += count;
    return start - count;
  });
  const sorted = new Int32Array(order.length);
  for (const row of order) {
    const bucket = bucketOf[row] as number;
    const place = places[bucket] as number;
    sorted[place] = row;
    places[bucket] = place + 1;
  }
  return sorted;
}
