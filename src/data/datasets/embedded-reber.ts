/**
 * The embedded Reber grammar (Cleeremans, Servan-Schreiber and McClelland, "Finite State Automata and Simple Recurrent
 * Networks", Neural Computation 1, 1989; Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9,
 * 1997, section 5.1): the next symbol is to be foretold. Reber's grammar is a walk from 0 to the end, every
 * crossroads left at random:
 *
 *     0 -B-> 1    1 -T-> 2    2 -S-> 2    3 -T-> 3    4 -X-> 3    5 -P-> 4    6 -E-> end
 *                 1 -P-> 3    2 -X-> 4    3 -V-> 5    4 -S-> 6    5 -V-> 6
 *
 * and it is embedded in B T ... T E or B P ... P E: the last symbol but one is the second one, over all that lies between.
 * In the continual form (Gers, Schmidhuber and Cummins, "Learning to Forget: Continual Prediction with LSTM", Neural
 * Computation 12, 2000) string follows string, and nothing but the symbols says where one ends.
 *
 * Published in 1997, their Table 1: the LSTM learns all strings of a training and a test set, of 256 each, after 8,440
 * sequences in the best of its settings. Published in 2000: without forget gates the continual form is not learned.
 */
import { checkInteger } from '../../core/options.js';
import type { Random } from '../../core/random.js';
import type { Tensor } from '../../core/tensor.js';
import { type Dataset, type DatasetOptions, generatorOf } from './dataset.js';
import { hotTensor, idsOf, stepTensor } from './symbols.js';

/** The symbols, in the order of their ids. */
export const REBER_SYMBOLS = 'BTPSXVE';

/** Where each symbol leads from each node of Reber's grammar; from the last one there is no way on. */
const GRAMMAR: readonly Readonly<Record<string, number>>[] = [
  { B: 1 },
  { T: 2, P: 3 },
  { S: 2, X: 4 },
  { T: 3, V: 5 },
  { X: 3, S: 6 },
  { P: 4, V: 6 },
  { E: 7 },
  {},
];

/** The symbols that may follow each symbol of an embedded string but the last, and the string. */
interface Walk {
  readonly text: string;
  readonly allowed: readonly string[];
}

export interface ReberDataset extends Dataset {
  /** `[rows, steps, 7]`: 1 for each symbol that may come next, one or two of them. */
  readonly allowed: Tensor<Float32Array>;
  /** `[rows, steps]`: 1 where the last symbol but one of a string comes next; as sample weights, only those count. */
  readonly outer: Tensor<Float32Array>;
  /** The symbols of each row, the last one being a target only. */
  readonly texts: readonly string[];
}

/**
 * Draws strings of the embedded Reber grammar, 9 or more symbols long, each with the symbol that follows every one of it.
 *
 * @param rows  how many
 * @returns x `[rows, steps, 7]`, one-hot in the order `BTPSXVE`, with lengths; y `[rows, steps]`, the id of the symbol
 *   that comes next; and what may come next
 * @throws ConfigError for sizes that make no sense
 *
 * @example
 * const { x, y } = embeddedReber(256, { seed: 1 });
 * const model = sequential([lstm(8, { returnSequences: true }), dense(7, { activation: 'softmax' })]);
 * model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' });
 * await model.fit(x, y, { epochs: 20, batchSize: 1 });
 */
export function embeddedReber(rows: number, options: DatasetOptions = {}): ReberDataset {
  const random = generatorOf('embeddedReber', options, []);
  checkInteger('embeddedReber: rows', rows);
  return datasetOf(Array.from({ length: rows }, () => drawString(random)));
}

/**
 * Draws unending streams of embedded Reber strings, each beginning with a string. For a stateful model they are cut into
 * windows of steps.
 *
 * @param rows  how many streams
 * @param options.steps  how many symbols of each; 1,000 by default
 * @returns as `embeddedReber` does, all rows of `steps` steps
 * @throws ConfigError for sizes that make no sense
 *
 * @example const { x, y, outer } = continualReber(16, { steps: 75, seed: 1 });
 */
export function continualReber(
  rows: number,
  options: DatasetOptions & { readonly steps?: number } = {},
): ReberDataset {
  const random = generatorOf('continualReber', options, ['steps']);
  checkInteger('continualReber: rows', rows);
  const steps = checkInteger('continualReber: steps', options.steps ?? 1000);
  return datasetOf(Array.from({ length: rows }, () => drawStream(random, steps)));
}

/** Whether a text is a string of the embedded Reber grammar. */
export function isEmbeddedReber(text: string): boolean {
  const [first, outer, ...others] = text;
  const [last, outerAgain, ...inner] = others.reverse();
  if (first !== 'B' || last !== 'E' || outer !== outerAgain || (outer !== 'T' && outer !== 'P')) return false;
  let node: number | undefined = 0;
  for (const symbol of inner.reverse()) node = node === undefined ? node : GRAMMAR[node]?.[symbol];
  return node === GRAMMAR.length - 1;
}

function drawString(random: Random): Walk {
  const outer = random.below(2) === 0 ? 'T' : 'P';
  let text = `B${outer}`;
  const allowed = ['TP'];
  for (let node = 0; node < GRAMMAR.length - 1; ) {
    const ways = GRAMMAR[node] as Readonly<Record<string, number>>;
    const symbols = Object.keys(ways).join('');
    const symbol = symbols[random.below(symbols.length)] as string;
    allowed.push(symbols);
    text += symbol;
    node = ways[symbol] as number;
  }
  allowed.push(outer, 'E');
  return { text: `${text}${outer}E`, allowed };
}

/** As many strings as it takes, cut behind the target of the last step; after the end of one the next begins. */
function drawStream(random: Random, steps: number): Walk {
  const texts: string[] = [];
  const allowed: string[] = [];
  while (allowed.length < steps) {
    const next = drawString(random);
    texts.push(next.text);
    allowed.push(...next.allowed, 'B');
  }
  return { text: `${texts.join('')}B`.slice(0, steps + 1), allowed: allowed.slice(0, steps) };
}

function datasetOf(walks: readonly Walk[]): ReberDataset {
  const texts = walks.map(({ text }) => text);
  const ids = texts.map((text) => idsOf(text, REBER_SYMBOLS));
  const following = walks.map(({ allowed }) => allowed.map((symbols) => idsOf(symbols, REBER_SYMBOLS)));
  return {
    x: hotTensor(
      ids.map((row) => row.slice(0, -1).map((id) => [id])),
      REBER_SYMBOLS.length,
    ),
    y: stepTensor(ids.map((row) => row.slice(1))),
    allowed: hotTensor(following, REBER_SYMBOLS.length),
    outer: stepTensor(texts.map(outerSteps)),
    texts,
  };
}

/** 1 at each step before the last symbol but one: behind the inner string's E, which no B follows. */
function outerSteps(text: string): number[] {
  return Array.from(text.slice(0, -1), (symbol, t) => (symbol === 'E' && text[t + 1] !== 'B' ? 1 : 0));
}
