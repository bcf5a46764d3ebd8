/** How long Longhand takes from its import to the first trained batch, in milliseconds, as a user writes it. */
import type { Setup } from './adapter.js';

const { size, adam: settings } = JSON.parse(String(process.argv[2])) as Pick<Setup, 'size' | 'adam'>;
const { batch, steps, inputs, units } = size;
const x = Float32Array.from({ length: batch * steps * inputs }, (_, i) => Math.sin(i));
const y = Float32Array.from({ length: batch }, (_, i) => i % 2);

const begin = performance.now();
const { adam, dense, lstm, sequential, tensor } = await import('../../src/index.js');
const model = sequential([lstm(units[0] as number), dense(1, { activation: 'sigmoid' })]);
model.compile({ optimizer: adam(settings), loss: 'binaryCrossentropy' });
model.trainOnBatch(tensor(x, [batch, steps, inputs]), tensor(y, [batch]));
process.stdout.write(`${performance.now() - begin}\n`);
