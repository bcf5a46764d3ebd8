/** The statistics that evaluations compare with: means, errors, and the autoregression of the textbooks. */

export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}

export function rootMeanSquaredError(forecasts: readonly number[], truth: readonly number[]): number {
  const squares = forecasts.reduce((sum, value, k) => sum + (value - (truth[k] as number)) ** 2, 0);
  return Math.sqrt(squares / forecasts.length);
}

/**
 * y_t = a_0 + sum over k of a_k y_(t-k), its coefficients by least squares on the steps before `from`; the function
 * forecasts any step from the values before it.
 */
export function autoregression(
  values: readonly number[],
  order: number,
  from: number,
): (step: number) => number {
  const row = (step: number) => [1, ...values.slice(step - order, step)];
  const size = order + 1;
  const squares = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (let step = order; step < from; step++) {
    const x = [...row(step), values[step] as number];
    for (let i = 0; i < size; i++) {
      const line = squares[i] as Float64Array;
      for (let j = 0; j <= size; j++) line[j] = (line[j] as number) + (x[i] as number) * (x[j] as number);
    }
  }
  const coefficients = solve(squares);
  return (step) => row(step).reduce((sum, value, k) => sum + value * (coefficients[k] as number), 0);
}

/** The solution of a symmetric positive definite system, each row with its right-hand side behind it (Gauss). */
function solve(rows: readonly Float64Array[]): Float64Array {
  const size = rows.length;
  const at = (i: number, j: number) => (rows[i] as Float64Array)[j] as number;
  for (let i = 0; i < size; i++) {
    for (let below = i + 1; below < size; below++) {
      const factor = at(below, i) / at(i, i);
      for (let j = i; j <= size; j++) (rows[below] as Float64Array)[j] = at(below, j) - factor * at(i, j);
    }
  }
  const solution = new Float64Array(size);
  for (let i = size - 1; i >= 0; i--) {
    let rest = at(i, size);
    for (let j = i + 1; j < size; j++) rest -= at(i, j) * (solution[j] as number);
    solution[i] = rest / at(i, i);
  }
  return solution;
}
