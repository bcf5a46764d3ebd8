/**
 * Penalties on weights, with their gradients:
 *
 *     L2: strength * sum of w^2     dw += 2 strength w
 *     L1: strength * sum of |w|     dw += strength sign(w)
 */
import type { FloatArray } from '../core/tensor.js';

export function l2Penalty(w: FloatArray, size: number, strength: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (w[k] as number) * (w[k] as number);
  return strength * sum;
}

export function l2Gradient(w: FloatArray, dw: FloatArray, size: number, strength: number): void {
  for (let k = 0; k < size; k++) dw[k] = (dw[k] as number) + 2 * strength * (w[k] as number);
}

export function l1Penalty(w: FloatArray, size: number, strength: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += Math.abs(w[k] as number);
  return strength * sum;
}

export function l1Gradient(w: FloatArray, dw: FloatArray, size: number, strength: number): void {
  for (let k = 0; k < size; k++) dw[k] = (dw[k] as number) + strength * Math.sign(w[k] as number);
}
