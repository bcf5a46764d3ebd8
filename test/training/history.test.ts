/** What fit returns, as a table and as a picture. */
import { describe, expect, it } from 'vitest';
import { dense, type FitOptions, sequential } from '../../src/index.js';
import { History } from '../../src/training/history.js';
import { errorOf } from '../support/bits.js';
import { checkXml } from '../support/xml.js';

const x = [[1], [2], [3], [4], [5], [6]];
const y = [2, 4, 6, 8, 10, 12];

function train(options: FitOptions) {
  const model = sequential([dense(1)], { seed: 2 });
  model.compile({ loss: 'meanSquaredError', metrics: ['meanAbsoluteError'], optimizer: 'sgd' });
  return model.fit(x, y, options);
}

/** A history with these values of each epoch. */
function historyOf(values: Record<string, number>[], first = 0): History {
  const history = new History();
  values.forEach((logs, i) => void history.record(first + i, logs));
  return history;
}

describe('toCSV', () => {
  it('has a line an epoch and a column a value, and the digits of each', async () => {
    const history = await train({ epochs: 3, validationSplit: 0.5, validationFreq: 2, initialEpoch: 1 });
    const [header, ...lines] = history.toCSV().trimEnd().split('\n');
    expect(header).toBe('epoch,loss,meanAbsoluteError,val_loss,val_meanAbsoluteError');
    const { loss = [], val_loss: validation = [] } = history.history;
    const cells = lines.map((line) => line.split(','));
    expect(cells.map(([epoch]) => epoch)).toEqual(['1', '2']);
    expect(cells.map(([, value]) => Number(value))).toEqual(loss);
    expect(cells.map((line) => line[3])).toEqual([String(validation[0]), '']);
  });

  it('of nothing is a header', () => {
    expect(new History().toCSV()).toBe('epoch\n');
  });
});

describe('toSVG', () => {
  const falling = [5, 3, 1, 2].map((loss, i) => ({
    loss: loss + 1,
    val_loss: loss,
    auc: i / 4,
    val_auc: i / 5,
  }));
  const best = (svg: string) => /best: ([^<]*)/.exec(svg)?.[1];

  it('draws training and validation, the best epoch marked', () => {
    const svg = historyOf(falling).toSVG({ title: 'Mine & yours' });
    checkXml(svg);
    expect(svg.match(/<polyline/g)?.length).toBe(2);
    expect(svg).toContain('>training</text>');
    expect(svg).toContain('>validation</text>');
    expect(svg).toContain('>Mine &amp; yours</text>');
    expect(best(svg)).toBe('1.0000 after epoch 3');
  });

  it('knows of which values more is better, and draws any', () => {
    expect(best(historyOf(falling).toSVG({ value: 'auc' }))).toBe('0.6000 after epoch 4');
    expect(best(historyOf(falling, 10).toSVG())).toBe('1.0000 after epoch 13');
  });

  it('without validation marks the best of training', () => {
    const svg = historyOf([3, 1, 2].map((loss) => ({ loss }))).toSVG();
    checkXml(svg);
    expect(svg.match(/<polyline/g)?.length).toBe(1);
    expect(svg).not.toContain('validation');
    expect(best(svg)).toBe('1.0000 after epoch 2');
  });

  it('takes one epoch, epochs that are not validated, and values that are not finite', async () => {
    checkXml(historyOf([{ loss: 1 }]).toSVG());
    checkXml(historyOf([{ loss: 1 }, { loss: 1 }]).toSVG());
    checkXml(historyOf(Array.from({ length: 1000 }, () => ({ loss: 0.3, val_loss: 0.2 }))).toSVG());
    checkXml((await train({ epochs: 4, validationSplit: 0.5, validationFreq: 3 })).toSVG());
    const svg = historyOf([{ loss: Number.NaN }, { loss: 2 }, { loss: Number.POSITIVE_INFINITY }]).toSVG();
    checkXml(svg);
    expect(svg).not.toMatch(/NaN"|Infinity"/);
    expect(best(svg)).toBe('2.0000 after epoch 2');
    expect(best(historyOf([{ loss: Number.NaN }]).toSVG())).toBe(undefined);
  });

  it('calls the best out below its point where the legend is above it', () => {
    const above = historyOf([{ loss: 0 }, { loss: 10 }]).toSVG();
    const below = historyOf([{ accuracy: 0 }, { accuracy: 10 }]).toSVG({ value: 'accuracy' });
    const labelOf = (svg: string) => Number(/y="([\d.]+)"[^>]*>best/.exec(svg)?.[1]);
    const pointOf = (svg: string) => Number(/cy="([\d.]+)" r="8"/.exec(svg)?.[1]);
    expect(labelOf(above)).toBeLessThan(pointOf(above));
    expect(labelOf(below)).toBeGreaterThan(pointOf(below));
    expect(pointOf(below)).toBeLessThan(138);
  });

  it('of what is not there is a ConfigError', async () => {
    expect(await errorOf(() => historyOf(falling).toSVG({ value: 'f1' }))).toEqual({
      name: 'ConfigError',
      message: "toSVG: the history has no 'f1': it has loss, val_loss, auc, val_auc",
    });
    expect((await errorOf(() => new History().toSVG())).message).toBe(
      "toSVG: the history has no 'loss': it has nothing yet",
    );
    expect((await errorOf(() => new History().toSVG({ metric: 'loss' } as never))).name).toBe('ConfigError');
  });
});

describe('a history', () => {
  it('is its numbers, as JSON too', async () => {
    const history = await train({ epochs: 2 });
    expect(Object.keys(JSON.parse(JSON.stringify(history)))).toEqual(['epoch', 'history']);
    expect(history.epoch).toEqual([0, 1]);
  });
});
