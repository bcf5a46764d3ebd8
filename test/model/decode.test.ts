/** Decoding: exact distributions, seeds, and beam search against the search of all sequences. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  type Beam,
  beamSearch,
  dense,
  drawTokens,
  generate,
  input,
  lstm,
  reshapeDistribution,
  type StepFunction,
  sequential,
  streamSteps,
} from '../../src/index.js';

const p = [0.5, 0.3, 0.15, 0.05];

function expectClose(found: ArrayLike<number>, expected: readonly number[]) {
  Array.from(found).forEach((value, k) => void expect(value).toBeCloseTo(expected[k] as number, 12));
}

/** A language whose next token hangs on the last two. */
function language(vocabulary: number, seed: number): StepFunction<readonly number[]> {
  return (token, state) => {
    const next = [...state, token].slice(-2);
    const random = new Random(seed + next.reduce((sum, one) => 7 * sum + one + 1, 0));
    const raw = Array.from({ length: vocabulary }, () => random.uniform() ** 3);
    const total = raw.reduce((a, b) => a + b);
    return { probabilities: raw.map((value) => value / total), state: next };
  };
}

describe('reshapeDistribution', () => {
  it('is the distribution itself by default', () => {
    expectClose(reshapeDistribution(p), p);
  });

  it('raises to 1/temperature', () => {
    const squares = p.map((value) => value ** 2);
    const total = squares.reduce((a, b) => a + b);
    expectClose(
      reshapeDistribution(p, { temperature: 0.5 }),
      squares.map((value) => value / total),
    );
    expectClose(reshapeDistribution(p, { temperature: 0 }), [1, 0, 0, 0]);
  });

  it('keeps the k likeliest, and the fewest that reach p', () => {
    expectClose(reshapeDistribution(p, { topK: 2 }), [0.625, 0.375, 0, 0]);
    expectClose(reshapeDistribution(p, { topP: 0.5 }), [1, 0, 0, 0]);
    expectClose(reshapeDistribution(p, { topP: 0.51 }), [0.625, 0.375, 0, 0]);
    expectClose(reshapeDistribution(p, { topP: 0.81 }), [0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0]);
    expectClose(reshapeDistribution(p, { topK: 3, topP: 0.6 }), [0.625, 0.375, 0, 0]);
  });

  it('refuses what is no distribution, and options out of range', () => {
    expect(() => reshapeDistribution([2, -1])).toThrow("token 0 is 2: the model's last layer needs");
    expect(() => reshapeDistribution([0, 0])).toThrow('no token has a probability above 0');
    expect(() => reshapeDistribution(p, { topP: 0 })).toThrow('topP must be a number above 0 and at most 1');
    expect(() => reshapeDistribution(p, { topK: 0 })).toThrow('topK must be a number at least 1');
  });
});

describe('drawTokens', () => {
  const step = language(4, 1);
  const start = { probabilities: p, state: [] };

  it('draws as often as the probabilities say', () => {
    const counts = new Float64Array(4);
    for (let seed = 0; seed < 4000; seed++) {
      const [token] = drawTokens(step, start, { length: 1, seed });
      counts[token as number] = (counts[token as number] as number) + 1;
    }
    counts.forEach((count, k) => {
      // four standard deviations of a share of 4000
      expect(Math.abs(count / 4000 - (p[k] as number))).toBeLessThan(0.032);
    });
  });

  it('draws the same with the same seed, and ends at the end', () => {
    const draw = (seed: number) => drawTokens(step, start, { length: 40, seed });
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    const ended = drawTokens(step, start, { length: 400, seed: 3, end: 2 });
    expect(ended.indexOf(2)).toBe(ended.length - 1);
  });
});

describe('beamSearch', () => {
  /** All sequences there are, the likeliest first. */
  function searchAll(step: StepFunction<readonly number[]>, length: number, end?: number): Beam[] {
    const all: Beam[] = [];
    const visit = (
      tokens: number[],
      logProbability: number,
      said: { probabilities: ArrayLike<number>; state: readonly number[] },
    ) => {
      if (tokens.length === length || (tokens.length > 0 && tokens.at(-1) === end)) {
        all.push({ tokens, logProbability });
        return;
      }
      Array.from(said.probabilities).forEach((q, token) => {
        const next = step(token, said.state);
        visit([...tokens, token], logProbability + Math.log(q), next);
      });
    };
    visit([], 0, step(0, []));
    return all.sort((a, b) => b.logProbability - a.logProbability);
  }

  it.each([undefined, 1])('finds what a search of all finds where it is as wide (end %s)', (end) => {
    for (let seed = 0; seed < 20; seed++) {
      const step = language(3, seed);
      const found = beamSearch(step, step(0, []), {
        width: 3 ** 4,
        length: 4,
        ...(end === undefined ? {} : { end }),
      });
      const all = searchAll(step, 4, end);
      expect(found.map(({ tokens }) => tokens)).toEqual(all.map(({ tokens }) => tokens));
    }
  });

  it('of width 1 takes the likeliest token each time', () => {
    const step = language(5, 3);
    const [best] = beamSearch(step, step(0, []), { width: 1, length: 8 });
    expect(best?.tokens).toEqual(drawTokens(step, step(0, []), { length: 8, temperature: 0 }));
  });

  it('prefers longer sequences with a length penalty', () => {
    const step: StepFunction<null> = () => ({ probabilities: [0.55, 0.45], state: null });
    const options = { width: 8, length: 3, end: 1 };
    const best = (lengthPenalty: number) =>
      beamSearch(step, step(0, null), { ...options, lengthPenalty })[0]?.tokens.length;
    expect([best(0), best(1)]).toEqual([1, 3]);
  });
});

describe('generate', () => {
  const make = () =>
    sequential(
      [input({ shape: [null, 3] }), lstm(8, { returnSequences: true }), dense(3, { activation: 'softmax' })],
      { seed: 2 },
    );

  it('goes on as the model was taught', async () => {
    const model = make();
    const oneHot = (token: number) => [0, 1, 2].map((k) => (k === token ? 1 : 0));
    const x = [0, 1, 2].map((first) => Array.from({ length: 9 }, (_, t) => oneHot((first + t) % 3)));
    const y = [0, 1, 2].map((first) => Array.from({ length: 9 }, (_, t) => (first + t + 1) % 3));
    model.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: 'adam' });
    await model.fit(x, y, { epochs: 400 });
    expect(generate(model, [1, 2], { length: 6, temperature: 0 })).toEqual([0, 1, 2, 0, 1, 2]);
    const step = streamSteps(model);
    expect(beamSearch(step, step(1, undefined), { width: 4, length: 3 })[0]?.tokens).toEqual([2, 0, 1]);
  });

  it('says what is wrong', () => {
    const model = make();
    expect(() => generate(model, [], { length: 3 })).toThrow('the prompt is empty');
    expect(() => generate(model, [3], { length: 3 })).toThrow(
      'a token is a whole number from 0 to 2 but is 3',
    );
    expect(() => generate(model, [0], { length: 0 })).toThrow('length must be a number at least 1');
  });
});
