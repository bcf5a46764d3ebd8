/** What an optimizer does to one array of weights, in one pass each: the equations of ../optimizers.ts. */
import { loadLanes, multiplyAdd, storeLanes } from './lanes.js';

export function sgdUpdate(w: usize, g: usize, size: i32, learningRate: f64): void {
  const rate = f32x4.splat(-(learningRate as f32));
  for (let k = 0; k < size; k += 4) {
    const count = size - k;
    storeLanes(w, multiplyAdd(rate, loadLanes(g, count), loadLanes(w, count)), count);
    w += 16;
    g += 16;
  }
}

export function momentumUpdate(
  w: usize,
  g: usize,
  velocity: usize,
  size: i32,
  learningRate: f64,
  momentum: f64,
  nesterov: bool,
): void {
  const rate = f32x4.splat(learningRate as f32);
  const decay = f32x4.splat(momentum as f32);
  for (let k = 0; k < size; k += 4) {
    const count = size - k;
    const step = f32x4.mul(rate, loadLanes(g, count));
    const v = f32x4.sub(f32x4.mul(decay, loadLanes(velocity, count)), step);
    const move = nesterov ? f32x4.sub(f32x4.mul(decay, v), step) : v;
    storeLanes(velocity, v, count);
    storeLanes(w, f32x4.add(loadLanes(w, count), move), count);
    w += 16;
    g += 16;
    velocity += 16;
  }
}

export function adamUpdate(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  size: i32,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  correction1: f64,
  correction2: f64,
): void {
  const keep1 = f32x4.splat(beta1 as f32);
  const take1 = f32x4.splat((1 - beta1) as f32);
  const keep2 = f32x4.splat(beta2 as f32);
  const take2 = f32x4.splat((1 - beta2) as f32);
  const rate = f32x4.splat((learningRate / correction1) as f32);
  const unbias = f32x4.splat((1 / correction2) as f32);
  const floor = f32x4.splat(epsilon as f32);
  for (let k = 0; k < size; k += 4) {
    const count = size - k;
    const gradient = loadLanes(g, count);
    const mean = multiplyAdd(keep1, loadLanes(m, count), f32x4.mul(take1, gradient));
    const square = multiplyAdd(keep2, loadLanes(v, count), f32x4.mul(f32x4.mul(take2, gradient), gradient));
    const step = f32x4.div(f32x4.mul(rate, mean), f32x4.add(f32x4.sqrt(f32x4.mul(square, unbias)), floor));
    storeLanes(m, mean, count);
    storeLanes(v, square, count);
    storeLanes(w, f32x4.sub(loadLanes(w, count), step), count);
    w += 16;
    g += 16;
    m += 16;
    v += 16;
  }
}

export function sumOfSquares(g: usize, size: i32): f64 {
  let sum = f64x2.splat(0);
  for (let k = 0; k < size; k += 4) {
    const four = loadLanes(g, size - k);
    const low = f64x2.promote_low_f32x4(four);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(four, four, 2, 3, 0, 1));
    sum = f64x2.add(sum, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    g += 16;
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

export function scale(g: usize, size: i32, factor: f64): void {
  const by = f32x4.splat(factor as f32);
  for (let k = 0; k < size; k += 4) {
    const count = size - k;
    storeLanes(g, f32x4.mul(loadLanes(g, count), by), count);
    g += 16;
  }
}
