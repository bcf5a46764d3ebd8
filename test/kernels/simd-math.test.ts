/**
 * sigmoid and tanh in SIMD, within two units in the last place of the true value over the whole range of floats;
 * exp with them, which sigmoid is where x is far below 0. They are reached through the gates of an LSTM of one unit
 * with W = 1 and all else -0, so that the pre-activations are its inputs, to the bit.
 */
import { describe, expect, it } from 'vitest';
import { sigmoid, tanh } from '../../src/core/math.js';
import { GuardedMemory, kernelSets } from '../support/guarded-memory.js';

const ROWS = 4000;

/** sigmoid(x) and tanh(x) of every x, computed by the kernels. */
function gatesOf(memory: GuardedMemory, x: Float32Array): { sigmoids: Float32Array; tanhs: Float32Array } {
  memory.clear();
  const { floats, bytes, kernels } = memory;
  const input = floats(ROWS);
  input.set(x);
  const gates = floats(4 * ROWS);
  kernels.lstmForward(
    input,
    floats(4).fill(1),
    floats(4).fill(-0),
    floats(4).fill(-0),
    floats(ROWS).fill(1),
    bytes(ROWS).fill(1),
    floats(2 * ROWS).fill(1),
    floats(2 * ROWS),
    floats(ROWS),
    floats(ROWS),
    gates,
    1,
    ROWS,
    1,
    1,
  );
  const pick = (gate: number) => Float32Array.from(x, (_, row) => gates[4 * row + gate] as number);
  return { sigmoids: pick(0), tanhs: pick(2) };
}

/** How many floats lie between the result and the true value. */
function unitsBetween(found: number, exact: number): number {
  if (Object.is(found, Math.fround(exact))) return 0;
  const unit = 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(exact) || 2 ** -149)) - 23);
  return Math.abs(found - exact) / unit;
}

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Every `stride`-th float, by its bits: infinities and NaNs among them. */
function* floatsBy(stride: number): Generator<number> {
  for (let pattern = 0; pattern < 2 ** 32; pattern += stride) {
    bits[0] = pattern;
    yield float[0] as number;
  }
}

/** Floats from -110 to 110, where something happens. */
function* floatsNear(): Generator<number> {
  for (let x = -110; x < 110; x += 0.000_31) yield x;
}

const simdSets = kernelSets.filter((name) => name !== 'reference');

describe.each(simdSets)('in %s', (set) => {
  const memory = new GuardedMemory(set);

  function worstOver(values: Iterable<number>): { sigmoid: number; tanh: number } {
    const worst = { sigmoid: 0, tanh: 0 };
    const x = new Float32Array(ROWS);
    let count = 0;
    const check = () => {
      const { sigmoids, tanhs } = gatesOf(memory, x);
      for (let k = 0; k < count; k++) {
        const value = x[k] as number;
        const s = unitsBetween(sigmoids[k] as number, sigmoid(value));
        const t = unitsBetween(tanhs[k] as number, tanh(value));
        if (!(s <= worst.sigmoid)) worst.sigmoid = s;
        if (!(t <= worst.tanh)) worst.tanh = t;
      }
      count = 0;
    };
    for (const value of values) {
      x[count++] = value;
      if (count === ROWS) check();
    }
    check();
    return worst;
  }

  it.each([
    ['the whole range', () => floatsBy(Number(process.env.FLOAT_STRIDE ?? 9973))],
    ['what is near 0', floatsNear],
  ])('%s', (_name, values) => {
    const worst = worstOver(values());
    if (process.env.WORST) console.log(set, worst);
    expect(worst.sigmoid).toBeLessThanOrEqual(2);
    expect(worst.tanh).toBeLessThanOrEqual(2);
  });

  it('the edges', () => {
    const edges = [
      0,
      -0,
      88,
      -88,
      89,
      -89,
      104,
      -104,
      105,
      -105,
      1e30,
      -1e30,
      Infinity,
      -Infinity,
      Number.NaN,
    ];
    const x = new Float32Array(ROWS);
    x.set(edges);
    const { sigmoids, tanhs } = gatesOf(memory, x);
    edges.forEach((value, k) => {
      expect(unitsBetween(sigmoids[k] as number, sigmoid(value)), `sigmoid(${value})`).toBeLessThanOrEqual(1);
      expect(tanhs[k], `tanh(${value})`).toBe(Math.fround(tanh(value)));
    });
  });
});
