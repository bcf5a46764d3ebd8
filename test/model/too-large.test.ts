/** Models and batches that no memory holds: an error that says how much they need, and a model that goes on. */
import { describe, expect, it } from 'vitest';
import { ConfigError, dense, lstm, sequential, tensor } from '../../src/index.js';

describe('what is too large', () => {
  it('a model: the error says how much it needs and how much there is', () => {
    const build = () => sequential([lstm(4_000_000)], { seed: 1 }).build([null, 1]);
    expect(build).toThrow(ConfigError);
    // 2 (weights and gradients) * 4 bytes * 16,000,000 columns * 4,000,002 rows
    expect(build).toThrow(/^the model and its batch need \d{9,10} MiB in one block, .*: use a smaller batch/);
    if (sequential().backend === 'reference') expect(build).toThrow(/more than this engine can give/);
    else expect(build).toThrow(/a WebAssembly memory has at most 4096: .* or backend 'reference'$/);
  });

  // On the reference the batch would be had: nothing there ends at 4 GiB.
  const inWebAssembly = sequential().backend !== 'reference';
  it.runIf(inWebAssembly)('a batch: the same, and the model goes on with a smaller one', () => {
    const model = sequential([dense(100_000), dense(1)], { seed: 1 });
    const x = tensor(
      Float32Array.from({ length: 11_000 }, (_, row) => row),
      [11_000, 1],
    );
    const few = { ...x, data: x.data.slice(0, 3), shape: [3, 1] };
    const before = model.predict(few).data;
    const weights = model.getWeights();
    const predict = () => model.predict(x, { batchSize: 11_000 });
    expect(predict).toThrow(ConfigError);
    expect(predict).toThrow(/need 4\d{3} MiB in one block, and a WebAssembly memory has at most 4096/);
    expect(model.predict(few, { batchSize: 2 }).data).toEqual(before);
    expect(model.getWeights()).toEqual(weights);
  });
});
