/** How long Longhand takes from its import to the first trained batch, in milliseconds, as a user writes it. */
import type * as Longhand from '../../src/index.js';
import type { Setup } from './adapter.js';

const { size, adam: settings } = JSON.parse(String(process.argv[2])) as Pick<Setup, 'size' | 'adam'>;
const { batch, steps, inputs, units } = size;
const x = Float32Array.from({ length: batch * steps * inputs }, (_, i) => Math.sin(i));
const y = Float32Array.from({ length: batch }, (_, i) => i % 2);

/** The package as it is installed: the types are those of its sources, which are there before it is built. */
const longhand: string = 'longhand';

const begin = performance.now();
const { adam, dense, lstm, sequential, tensor } = (await import(longhand)) as typeof Longhand;
const model = sequential([lstm(units[0] as number), dense(1, { activation: 'sigmoid' })]);
model.compile({ optimizer: adam(settings), loss: 'binaryCrossentropy' });
model.trainOnBatch(tensor(x, [batch, steps, inputs]), tensor(y, [batch]));
process.stdout.write(`${performance.now() - begin}\n`);
