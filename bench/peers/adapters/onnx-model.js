// @ts-check
/**
 * A model of the bench as an ONNX file: the few messages of onnx.proto that it takes, written by hand. Numbers and
 * names of the fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3; the LSTM operator is
 * that of opset 14: X [steps, batch, inputs], W [1, 4H, I], R [1, 4H, H], B [1, 8H], gates in the order i, o, f, g.
 *
 * @import { Setup, Weight } from '../adapter.js'
 * @typedef {readonly number[]} Bytes
 */

const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_INT = 2;

/** ONNX's gates i, o, f, g by their place in ours: i, f, g, o. */
const GATES = [0, 3, 1, 2];

/**
 * Input `x`, output `y`, both time-major; where a model is streamed, `h` and `c` go in and `hNext` and `cNext` come
 * out.
 *
 * @param {Pick<Setup, 'size' | 'weights' | 'streamed'>} setup
 * @returns {Uint8Array}
 */
export function onnxModel({ size, weights, streamed }) {
  const { batch, inputs, units, outputs, everyStep } = size;
  const steps = streamed ? 1 : size.steps;
  /** @type {Bytes[]} */
  const nodes = [];
  /** @type {Bytes[]} */
  const initializers = [int64Tensor('first', [0]), int64Tensor('second', [1])];
  let below = 'x';
  units.forEach((count, i) => {
    const name = `lstm_${i + 1}`;
    const isLast = i + 1 === units.length;
    initializers.push(...lstmTensors(name, weights, count));
    const state = streamed ? ['', 'h', 'c'] : [];
    const ends = streamed ? ['hNext', 'cNext'] : [`${name}/h`];
    nodes.push(
      node('LSTM', [below, `${name}/W`, `${name}/R`, `${name}/B`, ...state], [`${name}/y`, ...ends], {
        hidden_size: count,
      }),
    );
    const everyOutput = everyStep || !isLast;
    const source = everyOutput ? `${name}/y` : String(ends[0]);
    nodes.push(node('Squeeze', [source, everyOutput ? 'second' : 'first'], [`${name}/out`]));
    below = `${name}/out`;
  });
  initializers.push(
    ...['kernel', 'bias'].map((name) => floatTensor(name, weight(weights, `dense_1/${name}`))),
  );
  nodes.push(node('MatMul', [below, 'kernel'], ['product']), node('Add', ['product', 'bias'], ['logits']));
  nodes.push(
    outputs === 1 ? node('Sigmoid', ['logits'], ['y']) : node('Softmax', ['logits'], ['y'], { axis: -1 }),
  );
  const state = [1, batch, units[0] ?? 0];
  const ins = [valueInfo('x', [steps, batch, inputs])];
  const outs = [valueInfo('y', everyStep ? [steps, batch, outputs] : [batch, outputs])];
  if (streamed) {
    ins.push(valueInfo('h', state), valueInfo('c', state));
    outs.push(valueInfo('hNext', state), valueInfo('cNext', state));
  }
  const graph = [
    ...nodes.flatMap((bytes) => field(1, bytes)),
    ...field(2, text('bench')),
    ...initializers.flatMap((bytes) => field(5, bytes)),
    ...ins.flatMap((bytes) => field(11, bytes)),
    ...outs.flatMap((bytes) => field(12, bytes)),
  ];
  const opset = [...field(1, []), ...integer(2, 14)];
  return Uint8Array.from([...integer(1, 8), ...field(7, graph), ...field(8, opset)]);
}

/**
 * @param {string} name
 * @param {Setup['weights']} weights
 * @param {number} units
 */
function lstmTensors(name, weights, units) {
  const bias = weight(weights, `${name}/bias`).data;
  const biases = new Float32Array(8 * units);
  GATES.forEach((from, gate) => {
    biases.set(bias.subarray(from * units, (from + 1) * units), gate * units);
  });
  return [
    floatTensor(`${name}/W`, gatesFirst(weight(weights, `${name}/kernel`), units)),
    floatTensor(`${name}/R`, gatesFirst(weight(weights, `${name}/recurrentKernel`), units)),
    floatTensor(`${name}/B`, { shape: [1, 8 * units], data: biases }),
  ];
}

/**
 * From [rows, 4H] to [1, 4H, rows].
 *
 * @param {Weight} weight
 * @param {number} units
 * @returns {Weight}
 */
function gatesFirst({ shape, data }, units) {
  const rows = shape[0] ?? 0;
  const turned = new Float32Array(data.length);
  GATES.forEach((from, gate) => {
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++) {
        turned[(gate * units + unit) * rows + row] = data[row * 4 * units + from * units + unit] ?? 0;
      }
    }
  });
  return { shape: [1, 4 * units, rows], data: turned };
}

/**
 * @param {Setup['weights']} weights
 * @param {string} name
 */
function weight(weights, name) {
  const found = weights[name];
  if (!found) throw new Error(`the model has no weight '${name}'`);
  return found;
}

/**
 * @param {string} operator
 * @param {readonly string[]} from
 * @param {readonly string[]} to
 * @param {Readonly<Record<string, number>>} attributes
 */
function node(operator, from, to, attributes = {}) {
  return [
    ...from.flatMap((name) => field(1, text(name))),
    ...to.flatMap((name) => field(2, text(name))),
    ...field(4, text(operator)),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      field(5, [...field(1, text(name)), ...integer(3, value), ...integer(20, ATTRIBUTE_INT)]),
    ),
  ];
}

/**
 * @param {string} name
 * @param {Weight} weight
 */
function floatTensor(name, { shape, data }) {
  return tensor(name, FLOAT, shape, new Uint8Array(data.slice().buffer));
}

/**
 * @param {string} name
 * @param {readonly number[]} values
 */
function int64Tensor(name, values) {
  return tensor(name, INT64, [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}

/**
 * @param {string} name
 * @param {number} type
 * @param {readonly number[]} shape
 * @param {Uint8Array} bytes
 */
function tensor(name, type, shape, bytes) {
  return [
    ...shape.flatMap((size) => integer(1, size)),
    ...integer(2, type),
    ...field(8, text(name)),
    ...field(9, [...bytes]),
  ];
}

/**
 * @param {string} name
 * @param {readonly number[]} shape
 */
function valueInfo(name, shape) {
  const sizes = shape.flatMap((size) => field(1, integer(1, size)));
  const type = [...integer(1, FLOAT), ...field(2, sizes)];
  return [...field(1, text(name)), ...field(2, field(1, type))];
}

/**
 * A field of bytes: a text, or another message.
 *
 * @param {number} number
 * @param {Bytes} bytes
 */
function field(number, bytes) {
  return [...varint(BigInt(number * 8 + 2)), ...varint(BigInt(bytes.length)), ...bytes];
}

/**
 * @param {number} number
 * @param {number} value
 */
function integer(number, value) {
  return [...varint(BigInt(number * 8)), ...varint(BigInt.asUintN(64, BigInt(value)))];
}

/**
 * Seven bits a byte, the lowest first.
 *
 * @param {bigint} value
 */
function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** @param {string} value */
function text(value) {
  return [...new TextEncoder().encode(value)];
}
