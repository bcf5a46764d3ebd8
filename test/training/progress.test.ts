/** What fit prints: nothing, a bar in a terminal, or plain lines. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Callback,
  dense,
  type FitOptions,
  type Progress,
  sequential,
  type Verbosity,
} from '../../src/index.js';

const x = Array.from({ length: 12 }, (_, row) => [row / 10]);
const y = x.map(([value = 0]) => value);

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A clock that stands still but for each batch, which takes so many milliseconds. */
function slowBatches(milliseconds: number): Callback {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return {
    onBatchEnd: () => {
      now += milliseconds;
    },
  };
}

/** What a fit writes to the console and to the terminal. */
async function printedBy(options: FitOptions, isTTY: boolean, columns = 80, inBatches = false) {
  const lines: string[] = [];
  const written: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const others = (['info', 'warn', 'error', 'debug'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(() => {}),
  );
  const stdout = { isTTY, columns, write: (text: string) => void written.push(text) };
  vi.stubGlobal('process', { ...process, stdout, nextTick: process.nextTick });
  const model = sequential([dense(1)], { seed: 1 });
  model.compile({ loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
  const batches = () => x.map((row, k) => [[row], [y[k] as number]] as const);
  await (inBatches ? model.fit(batches, options) : model.fit(x, y, options));
  vi.unstubAllGlobals();
  for (const other of others) expect(other).not.toHaveBeenCalled();
  return { lines, written };
}

describe('verbose', () => {
  it('0, the default, prints nothing', async () => {
    for (const options of [{}, { verbose: 0 as Verbosity }]) {
      for (const isTTY of [true, false]) {
        expect(await printedBy({ ...options, epochs: 3 }, isTTY)).toEqual({ lines: [], written: [] });
      }
    }
  });

  it.each([
    [2, true],
    [2, false],
    [1, false],
  ] as const)('%d prints a plain line an epoch, terminal: %s', async (verbose, isTTY) => {
    const { lines, written } = await printedBy({ verbose, epochs: 3, validationSplit: 0.25 }, isTTY);
    expect(written).toEqual([]);
    expect(lines.length).toBe(3);
    const number = '\\d+\\.\\d{4}';
    const values = `loss ${number}  meanAbsoluteError ${number}  val_loss ${number}  val_meanAbsoluteError ${number}`;
    expect(lines[0]).toMatch(new RegExp(`^epoch 1/3  ${values}  \\d+ rows/s  \\d+s left$`));
    expect(lines[2]).toMatch(new RegExp(`^epoch 3/3  ${values}  \\d+ rows/s$`));
  });

  it('1 counts batches while it is not known how many there are, and draws the bar from the second epoch on', async () => {
    const { written } = await printedBy(
      { verbose: 1, epochs: 2, callbacks: [slowBatches(60)] },
      true,
      200,
      true,
    );
    const first = written.find((text) => text.includes('epoch 1/2')) as string;
    expect(first).toMatch(/epoch 1\/2 batch \d+ {2}\d+ rows\/s {2}loss/);
    const second = written.find((text) => text.includes('epoch 2/2')) as string;
    expect(second).toMatch(/epoch 2\/2 █+░+ \d+\/12 {2}\d+s left/);
    expect(written.some((text) => /NaN|undefined|Infinity/.test(text))).toBe(false);
  });

  it('1 redraws a bar in a terminal, ends each epoch with its line, and leaves no half line behind', async () => {
    const callbacks = [slowBatches(60)];
    const { lines, written } = await printedBy({ verbose: 1, epochs: 2, batchSize: 1, callbacks }, true, 40);
    expect(lines).toEqual([]);
    const clear = '\r\u001b[2K';
    for (const text of written) expect(text.startsWith(clear)).toBe(true);
    const bars = written.filter((text) => text.includes('█') || text.includes('░'));
    expect(bars.length).toBeGreaterThan(4);
    for (const bar of bars) {
      expect(bar).not.toContain('\n');
      expect(bar.length - clear.length).toBeLessThanOrEqual(40);
    }
    expect(bars[0]).toMatch(/epoch 1\/2 [█░]{24} /);
    expect(written.filter((text) => text.endsWith('\n')).length).toBe(2);
    expect(written.at(-1)).toBe(clear);
  });

  it('1 clears its half line away when fit fails', async () => {
    const fail = {
      onBatchEnd: (batch: number) => (batch === 5 ? Promise.reject(new Error('mine')) : undefined),
    };
    const written: string[] = [];
    const slow = slowBatches(60);
    const stdout = { isTTY: true, columns: 80, write: (text: string) => void written.push(text) };
    vi.stubGlobal('process', { ...process, stdout, nextTick: process.nextTick });
    const model = sequential([dense(1)], { seed: 1 });
    model.compile({ loss: 'meanSquaredError' });
    await expect(model.fit(x, y, { verbose: 1, batchSize: 1, callbacks: [slow, fail] })).rejects.toThrow(
      'mine',
    );
    expect(written.length).toBeGreaterThan(1);
    expect(written.at(-1)).toBe('\r\u001b[2K');
  });

  it('shows small values with their digits, and long waits in minutes and hours', async () => {
    const clock = vi.spyOn(performance, 'now');
    let now = 0;
    clock.mockImplementation(() => {
      now += 500_000;
      return now;
    });
    const tiny = y.map((value) => value * 1e-3);
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const model = sequential([dense(1, { kernelInitializer: 'zeros' })]);
    model.compile({ loss: 'meanSquaredError' });
    const lines: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    await model.fit(x, tiny, { verbose: 2, epochs: 30 });
    expect(lines[0]).toMatch(/^epoch 1\/30 {2}loss \d\.\d{3}e-\d {2}\d\.\d rows\/s {2}\d+h \d+m left$/);
    expect(lines[28]).toMatch(/ \d+m \d+s left$/);
  });
});

describe('onProgress', () => {
  /** What it is told by a fit of batches that take 60 ms each. */
  async function told(options: FitOptions): Promise<Progress[]> {
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => void seen.push(progress);
    const callbacks = [slowBatches(60), ...(options.callbacks ?? [])];
    await printedBy({ ...options, onProgress, callbacks }, false);
    return seen;
  }

  it('tells a page how far training has come, without a word on the console', async () => {
    const seen: Progress[] = [];
    const callbacks = [slowBatches(60)];
    const onProgress = (progress: Progress) => void seen.push(progress);
    const { lines, written } = await printedBy(
      { epochs: 2, batchSize: 2, validationSplit: 1 / 3, callbacks, onProgress },
      true,
    );
    expect({ lines, written }).toEqual({ lines: [], written: [] });
    // 4 batches of 2 rows an epoch; the second and the fourth are due, then the epoch ends.
    expect(seen.map(({ epoch, batch, batches, epochs }) => [epoch, batch, batches, epochs])).toEqual([
      [0, 2, 4, 2],
      [0, 4, 4, 2],
      [0, 4, 4, 2],
      [1, 2, 4, 2],
      [1, 4, 4, 2],
      [1, 4, 4, 2],
    ]);
    expect(Object.keys(seen[0]?.logs ?? {})).toEqual(['loss', 'meanAbsoluteError']);
    expect(Object.keys(seen[2]?.logs ?? {})).toContain('val_loss');
    expect(seen[1]?.rowsPerSecond).toBeCloseTo(8 / 0.24, 9);
    expect(seen[1]?.secondsLeft).toBeCloseTo(0.24, 9);
    expect(seen.at(-1)?.secondsLeft).toBe(0);
  });

  it('reckons from where it begins', async () => {
    const seen = await told({ epochs: 5, initialEpoch: 3, batchSize: 3 });
    expect(seen[0]?.epoch).toBe(3);
    expect(seen.at(-1)?.epoch).toBe(4);
    expect(seen[0]?.secondsLeft).toBeCloseTo(6 * 0.06, 9);
  });

  it('asks less often for metrics that take long', async () => {
    const seen: number[] = [];
    const slow = slowBatches(60);
    const clock = vi.mocked(performance.now);
    let extra = 0;
    const base = clock.getMockImplementation() as () => number;
    clock.mockImplementation(() => base() + extra);
    const onProgress = ({ batch }: Progress) => {
      seen.push(batch);
      extra += 100; // a slow page is the same as a slow metric
    };
    await printedBy({ epochs: 1, batchSize: 1, callbacks: [slow], onProgress }, false);
    // Due after 120 ms; it took 100 of its own, so that the next is due 2000 ms later, which is past the end.
    expect(seen).toEqual([2, 12]);
  });
});
