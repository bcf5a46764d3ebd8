/**
 * A WebAssembly module of one function, assembled by hand: `run(turns)` computes x = x a + b, again and again, on
 * some vectors of four numbers at once, with a = 0.5 and b = 1, so that all tend to 2. Nothing is loaded or stored:
 * what it reaches is the most that arithmetic of this kind can reach on the machine.
 */

/** How often each vector is updated before the loop looks whether it is done. */
export const STEPS_A_TURN = 8;

const I32 = 0x7f;
const V128 = 0x7b;
const SIMD = 0xfd;

const TURNS = 0;
const FACTOR = 1;
const SUMMAND = 2;
const FIRST_VECTOR = 3;

/** The function with so many vectors: with fused multiply-add, or a multiplication and an addition. */
export function registerLoop(vectors: number, fused: boolean): (turns: number) => number {
  const module = new WebAssembly.Module(Uint8Array.from(registerLoopModule(vectors, fused)));
  return new WebAssembly.Instance(module).exports.run as (turns: number) => number;
}

export function registerLoopModule(vectors: number, fused: boolean): number[] {
  const locals = [1, ...unsigned(2 + vectors), V128];
  return [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 1, I32, 1, I32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...new TextEncoder().encode('run'), 0, 0]),
    ...section(10, [1, ...sized([...locals, ...body(vectors, fused), 0x0b])]),
  ];
}

/** Local 0 is the parameter; behind it stand the factor, the summand and the vectors. */
function body(vectors: number, fused: boolean): number[] {
  const all = Array.from({ length: vectors }, (_, i) => FIRST_VECTOR + i);
  const update = (vector: number) => [...get(vector), ...get(FACTOR), ...multiplyAdd(fused), ...set(vector)];
  return [
    ...splat(0.5),
    ...set(FACTOR),
    ...splat(1),
    ...set(SUMMAND),
    ...all.flatMap((vector, i) => [...splat(i), ...set(vector)]),
    ...[0x03, 0x40], // loop
    ...Array.from({ length: STEPS_A_TURN }, () => all.flatMap(update)).flat(),
    ...get(TURNS),
    ...[0x41, 0x01, 0x6b, 0x22, TURNS], // subtract one, keep and leave it
    ...[0x0d, 0x00, 0x0b], // again, unless it is zero
    ...get(FIRST_VECTOR),
    ...all.slice(1).flatMap((vector) => [...get(vector), SIMD, ...unsigned(0xe4)]),
    ...[SIMD, ...unsigned(0x1b), 0], // i32x4.extract_lane: what is computed must be used
  ];
}

/** What stands behind a vector and the factor. */
function multiplyAdd(fused: boolean): number[] {
  const summand = get(SUMMAND);
  if (fused) return [...summand, SIMD, ...unsigned(0x105)]; // f32x4.relaxed_madd
  return [SIMD, ...unsigned(0xe6), ...summand, SIMD, ...unsigned(0xe4)]; // f32x4.mul, f32x4.add
}

function get(local: number): number[] {
  return [0x20, ...unsigned(local)];
}

function set(local: number): number[] {
  return [0x21, ...unsigned(local)];
}

/** f32.const, f32x4.splat */
function splat(value: number): number[] {
  return [0x43, ...new Uint8Array(Float32Array.of(value).buffer), SIMD, ...unsigned(0x13)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

/** LEB128: seven bits a byte, the lowest first. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
