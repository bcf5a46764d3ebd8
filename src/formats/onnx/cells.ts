/**
 * Recurrent layers that none of ONNX's recurrent operators is: other activations, clipped cells, the variants of the
 * LSTM. Each is a function of the file that runs one step after another (ONNX's Scan) and passes over masked ones. Its
 * name says which cell it is, and which way it goes: `Run_lstm_swish_sigmoid_forward`.
 *
 *     x [B, T, I], mask [B, T], each state [D, B, H], weights as they are here, of each direction
 *     y [B, T, H], of two directions [B, T, 2, H], in the order of the steps; each state after the last step [D, B, H]
 *
 * The equations are those of the kernels (src/kernels/lstm-*.ts, gru*.ts, simple-rnn.ts).
 */
import type { ActivationName } from '../../layers/activations.js';
import { writeActivation } from './activations.js';
import type { Definition } from './masks.js';
import { int, ints, NodeWriter } from './node-writer.js';
import { BOOL, FLOAT } from './tensors.js';

/** The new states of one step, from x_t, the states before it and the weights, all by their names. */
type Step = (w: NodeWriter, activations: readonly ActivationName[]) => readonly string[];

export interface Cell {
  readonly states: readonly string[];
  /** Weights beside `kernel`, `recurrentKernel` and `bias`. */
  readonly weights: readonly string[];
  /** Options that are single numbers. */
  readonly numbers: readonly string[];
  /** Options that name activations, which are part of the function's name. */
  readonly activations: readonly string[];
  readonly step: Step;
}

const sum = (w: NodeWriter, ...terms: string[]) => terms.reduce((a, b) => w.node('Add', [a, b]));
const product = (w: NodeWriter, ...factors: string[]) => factors.reduce((a, b) => w.node('Mul', [a, b]));
const matmul = (w: NodeWriter, a: string, b: string) => w.node('MatMul', [a, b]);
const without = (w: NodeWriter, a: string) => w.node('Sub', [w.number(1), a]);

/** The parts of [B, G H] that belong to each gate. */
function split(w: NodeWriter, z: string, gates: number): string[] {
  const parts = w.node('Reshape', [z, w.ints([0, gates, -1])]);
  return Array.from({ length: gates }, (_, gate) =>
    w.node('Gather', [parts, w.ints(gate)], { axis: int(1) }),
  );
}

/** z = x W + h U + b, in its parts. */
function preActivations(w: NodeWriter, gates: number): string[] {
  return split(w, sum(w, matmul(w, 'x', 'kernel'), matmul(w, 'h', 'recurrentKernel'), 'bias'), gates);
}

const sigmoid = (w: NodeWriter, z: string) => w.node('Sigmoid', [z]);
const tanh = (w: NodeWriter, z: string) => w.node('Tanh', [z]);

/** An LSTM of these gates; what a letter stands for is its activation. */
function lstmCell(
  gates: string,
  cell: (w: NodeWriter, gate: Readonly<Record<string, string>>) => [string, string],
): Cell {
  return {
    states: ['h', 'c'],
    weights: [],
    numbers: [],
    activations: [],
    step: (w) => {
      const z = preActivations(w, gates.length);
      const all = [...gates].map((gate, i) => [gate, (gate === 'g' ? tanh : sigmoid)(w, z[i] as string)]);
      return cell(w, Object.fromEntries(all));
    },
  };
}

type Gates = Readonly<Record<'i' | 'f' | 'g' | 'o', string>>;

/** (v - mean) / sqrt(variance + epsilon) over the last axis. */
function standardize(w: NodeWriter, v: string): string {
  const count = w.node('Cast', [w.node('Shape', [v], { start: int(-1) })], { to: int(FLOAT) });
  const mean = (of: string) => w.node('Div', [w.node('ReduceSum', [of, w.ints([-1])]), count]);
  const centered = w.node('Sub', [v, mean(v)]);
  const variance = mean(product(w, centered, centered));
  return w.node('Div', [centered, w.node('Sqrt', [sum(w, variance, 'epsilon')])]);
}

/** Rows of the two biases of a GRU. */
const biasRow = (w: NodeWriter, row: number) => w.node('Gather', ['bias', w.ints(row)], { axis: int(0) });

/** h' = z h + (1 - z) n */
const blend = (w: NodeWriter, z: string, n: string) =>
  sum(w, product(w, z, 'h'), product(w, without(w, z), n));

export const cells: Readonly<Record<string, Cell>> = {
  lstm: {
    states: ['h', 'c'],
    weights: [],
    numbers: ['cellClip'],
    activations: ['activation', 'recurrentActivation'],
    step: (w, [squash, gate]) => {
      const [zi, zf, zg, zo] = preActivations(w, 4) as [string, string, string, string];
      const of = (name: ActivationName | undefined, z: string) =>
        writeActivation(w, name as ActivationName, z);
      const free = sum(w, product(w, of(gate, zf), 'c'), product(w, of(gate, zi), of(squash, zg)));
      const c = w.node('Clip', [free, w.node('Neg', ['cellClip']), 'cellClip']);
      return [product(w, of(gate, zo), of(squash, c)), c];
    },
  },
  gru: {
    states: ['h'],
    weights: [],
    numbers: [],
    activations: ['activation', 'recurrentActivation'],
    step: (w, [squash, gate]) => {
      const [pz, pr, pn] = split(w, sum(w, matmul(w, 'x', 'kernel'), biasRow(w, 0)), 3) as [
        string,
        string,
        string,
      ];
      const [az, ar, an] = split(w, sum(w, matmul(w, 'h', 'recurrentKernel'), biasRow(w, 1)), 3) as [
        string,
        string,
        string,
      ];
      const of = (name: ActivationName | undefined, ...z: string[]) =>
        writeActivation(w, name as ActivationName, sum(w, ...z));
      return [blend(w, of(gate, pz, az), of(squash, pn, product(w, of(gate, pr, ar), an)))];
    },
  },
  gruResetBefore: {
    states: ['h'],
    weights: [],
    numbers: [],
    activations: ['activation', 'recurrentActivation'],
    step: (w, [squash, gate]) => {
      const [pz, pr, pn] = split(w, sum(w, matmul(w, 'x', 'kernel'), 'bias'), 3) as [string, string, string];
      const [az, ar] = split(w, matmul(w, 'h', 'recurrentKernel'), 3) as [string, string];
      const of = (name: ActivationName | undefined, ...z: string[]) =>
        writeActivation(w, name as ActivationName, sum(w, ...z));
      const kept = product(w, of(gate, pr, ar), 'h');
      const an = split(w, matmul(w, kept, 'recurrentKernel'), 3)[2] as string;
      return [blend(w, of(gate, pz, az), of(squash, pn, an))];
    },
  },
  simpleRnn: {
    states: ['h'],
    weights: [],
    numbers: [],
    activations: ['activation'],
    step: (w, [squash]) => [writeActivation(w, squash as ActivationName, preActivations(w, 1)[0] as string)],
  },
  noForgetGateLstm: lstmCell('igo', (w, { i, g, o }) => {
    const c = sum(w, 'c', product(w, i as string, g as string));
    return [product(w, o as string, tanh(w, c)), c];
  }),
  noInputGateLstm: lstmCell('fgo', (w, { f, g, o }) => {
    const c = sum(w, product(w, f as string, 'c'), g as string);
    return [product(w, o as string, tanh(w, c)), c];
  }),
  noOutputGateLstm: lstmCell('ifg', (w, { i, f, g }) => {
    const c = sum(w, product(w, f as string, 'c'), product(w, i as string, g as string));
    return [tanh(w, c), c];
  }),
  noInputActivationLstm: {
    ...lstmCell('ifgo', () => ['', '']),
    step: (w) => {
      const [zi, zf, zg, zo] = preActivations(w, 4) as [string, string, string, string];
      const c = sum(w, product(w, sigmoid(w, zf), 'c'), product(w, sigmoid(w, zi), zg));
      return [product(w, sigmoid(w, zo), tanh(w, c)), c];
    },
  },
  noOutputActivationLstm: lstmCell('ifgo', (w, gates) => {
    const { i, f, g, o } = gates as Gates;
    const c = sum(w, product(w, f, 'c'), product(w, i, g));
    return [product(w, o, c), c];
  }),
  zoneoutLstm: {
    ...lstmCell('ifgo', (w, gates) => {
      const { i, f, g, o } = gates as Gates;
      const v = sum(w, product(w, f, 'c'), product(w, i, g));
      const kept = (rate: string, old: string, now: string) =>
        sum(w, product(w, rate, old), product(w, without(w, rate), now));
      return [kept('zoneoutH', 'h', product(w, o, tanh(w, v))), kept('zoneoutC', 'c', v)];
    }),
    numbers: ['zoneoutH', 'zoneoutC'],
  },
  layerNormLstm: {
    states: ['h', 'c'],
    weights: ['kernelGamma', 'recurrentGamma', 'cellGamma', 'cellBeta'],
    numbers: ['epsilon'],
    activations: [],
    step: (w) => {
      const fromX = product(w, 'kernelGamma', standardize(w, matmul(w, 'x', 'kernel')));
      const fromH = product(w, 'recurrentGamma', standardize(w, matmul(w, 'h', 'recurrentKernel')));
      const [zi, zf, zg, zo] = split(w, sum(w, fromX, fromH, 'bias'), 4) as [string, string, string, string];
      const c = sum(w, product(w, sigmoid(w, zf), 'c'), product(w, sigmoid(w, zi), tanh(w, zg)));
      const seen = sum(w, product(w, 'cellGamma', standardize(w, c)), 'cellBeta');
      return [product(w, sigmoid(w, zo), tanh(w, seen)), c];
    },
  },
  gateRecurrenceLstm: {
    states: ['h', 'c', 'q'],
    weights: ['gateKernel'],
    numbers: [],
    activations: [],
    step: (w) => {
      const [zi, zf, zg, zo] = preActivations(w, 4) as [string, string, string, string];
      const [vi, vf, vo] = split(w, matmul(w, 'q', 'gateKernel'), 3) as [string, string, string];
      const [i, f, o] = [sum(w, zi, vi), sum(w, zf, vf), sum(w, zo, vo)].map((z) => sigmoid(w, z)) as [
        string,
        string,
        string,
      ];
      const c = sum(w, product(w, f, 'c'), product(w, i, tanh(w, zg)));
      return [product(w, o, tanh(w, c)), c, w.node('Concat', [i, f, o], { axis: int(-1) })];
    },
  },
  projectedLstm: {
    ...lstmCell('ifgo', (w, gates) => {
      const { i, f, g, o } = gates as Gates;
      const c = sum(w, product(w, f, 'c'), product(w, i, g));
      return [matmul(w, product(w, o, tanh(w, c)), 'projectionKernel'), c];
    }),
    weights: ['projectionKernel'],
  },
};

/** The weights of a cell, in the order in which its function takes them. */
export const weightsOfCell = ({ weights }: Cell): string[] => [
  'kernel',
  'recurrentKernel',
  'bias',
  ...weights,
];

/** What the weights of the backward direction are called among the inputs of a function. */
const backward = (name: string) => `${name}/backward`;

export interface RunName {
  readonly type: string;
  readonly cell: Cell;
  readonly activations: readonly ActivationName[];
  readonly way: 'forward' | 'reverse' | 'both';
}

export function runName(type: string, activations: readonly string[], way: RunName['way']): string {
  return ['Run', type, ...activations, way].join('_');
}

/** What the name of a function says; nothing where it is none of these. */
export function parseRunName(name: string): RunName | undefined {
  const [run, type = '', ...rest] = name.split('_');
  const way = rest.pop();
  const cell = Object.hasOwn(cells, type) ? cells[type] : undefined;
  if (run !== 'Run' || cell === undefined || rest.length !== cell.activations.length) return undefined;
  if (way !== 'forward' && way !== 'reverse' && way !== 'both') return undefined;
  return { type, cell, activations: rest as ActivationName[], way };
}

/** The function of such a name. */
export function runDefinition({ cell, activations, way }: RunName): Definition {
  const weights = weightsOfCell(cell);
  const isTwo = way === 'both';
  const inputs = [
    'x',
    'mask',
    ...cell.states,
    ...weights,
    ...(isTwo ? weights.map(backward) : []),
    ...cell.numbers,
  ];
  return {
    inputs,
    write: (w) => {
      const directions = isTwo ? [false, true] : [way === 'reverse'];
      const runs = directions.map((isReverse, d) =>
        scan(
          w,
          cell,
          activations,
          isReverse,
          (name) => (d === 1 && weights.includes(name) ? backward(name) : name),
          d,
        ),
      );
      const stack = (index: number, axis: number) =>
        w.node(
          'Concat',
          runs.map((run) => w.node('Unsqueeze', [run[index] as string, w.ints([axis])])),
          { axis: int(axis) },
        );
      const y = cell.states.length;
      return [isTwo ? stack(y, 2) : (runs[0]?.[y] as string), ...cell.states.map((_, s) => stack(s, 0))];
    },
  };
}

/** One direction: the states after the last step, then h of every step in the order of the steps. */
function scan(
  w: NodeWriter,
  cell: Cell,
  activations: readonly ActivationName[],
  isReverse: boolean,
  outer: (name: string) => string,
  direction: number,
): string[] {
  const body = new NodeWriter(true, `${direction}/`);
  const before = cell.states.map((state) => body.free(state));
  const [x, mask] = [body.free('x'), body.free('mask')];
  const own = new Map([
    ...cell.states.map((state, s) => [state, before[s] as string] as const),
    ['x', x] as const,
  ]);
  body.rename = (name) => own.get(name) ?? (weightsOfCell(cell).includes(name) ? outer(name) : name);
  const isReal = body.node('Unsqueeze', [mask, body.ints([1])]);
  const after = cell
    .step(body, activations)
    .map((now, s) => body.node('Where', [isReal, now, before[s] as string]));
  const y = body.node('Identity', [after[0] as string]);
  const info = (name: string) => ({ name, type: FLOAT });
  const way = isReverse ? 1 : 0;
  const initial = cell.states.map((state) => w.node('Gather', [state, w.ints(direction)], { axis: int(0) }));
  return w.nodeOf(
    'Scan',
    [...initial, 'x', 'mask'],
    {
      body: {
        kind: 'graph',
        value: {
          name: 'step',
          nodes: body.nodes,
          initializers: [],
          inputs: [...before.map(info), info(x), { name: mask, type: BOOL }],
          outputs: [...after.map(info), info(y)],
        },
      },
      num_scan_inputs: int(2),
      scan_input_axes: ints(1, 1),
      scan_output_axes: ints(1),
      scan_input_directions: ints(way, way),
      scan_output_directions: ints(way),
    },
    { outputs: cell.states.length + 1 },
  );
}
