/** Streams that lie side by side, cut into windows for a stateful model: window k of all of them is batch k. */
import { type Tensor, tensor } from '../../src/index.js';

/** `[streams, steps, ...]` as `[windows * streams, window, ...]`; steps behind the last whole window are left out. */
export function windowsOfStreams({ data, shape }: Tensor, window: number): Tensor<Float32Array> {
  const [streams, steps, ...rest] = shape as [number, number, ...number[]];
  const size = rest.reduce((product, axis) => product * axis, 1);
  const windows = Math.floor(steps / window);
  const cut = new Float32Array(windows * streams * window * size);
  for (let k = 0; k < windows; k++) {
    for (let stream = 0; stream < streams; stream++) {
      const from = (stream * steps + k * window) * size;
      cut.set(data.subarray(from, from + window * size), (k * streams + stream) * window * size);
    }
  }
  return tensor(cut, [windows * streams, window, ...rest]);
}

/** Rows `from` to `to - 1` of a tensor. */
export function rowsOf({ data, shape }: Tensor, from: number, to: number): Tensor<Float32Array> {
  const [rows, ...rest] = shape as [number, ...number[]];
  const size = data.length / rows;
  return tensor(Float32Array.from(data.subarray(from * size, to * size)), [to - from, ...rest]);
}
