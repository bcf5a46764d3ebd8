/** Decoding: exact distributions, seeds, and beam search against the search of all sequences. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  adam,
  type Beam,
  beamSearch,
  concatenate,
  dense,
  drawTokens,
  generate,
  input,
  lstm,
  model,
  reshapeDistribution,
  type StepFunction,
  type SymbolicTensor,
  sequential,
  streamSteps,
  type Tensor,
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

it('a model of several inputs, or one that reads backwards, can neither be streamed nor drawn from', () => {
  const [tokens, still] = [input({ shape: [null, 3] }), input({ shape: [2] })];
  const read = lstm(2, { returnSequences: true }).on(concatenate().on(tokens, still));
  const several = model({ inputs: { tokens, still }, outputs: dense(3, { activation: 'softmax' }).on(read) });
  const message = 'a stream has one input and one output, and the model has more: use predict';
  expect(() => several.stream()).toThrow(message);
  expect(() => generate(several as never, [0], { length: 2 })).toThrow(message);
  const backwards = sequential([input({ shape: [null, 3] }), lstm(3, { goBackwards: true })]);
  expect(() => generate(backwards, [0], { length: 2 })).toThrow(
    'the model cannot take one step at a time: lstm_1 goes backwards, from the last step of a sequence to its first',
  );
});

describe('from sequence to sequence', () => {
  const size = 4;
  const word = (k: number) => Array.from({ length: size }, (_, i) => (i === k ? 1 : 0));
  /** The words, and layers between them, of training and of decoding: those of one name have the same weights. */
  const encode = () => {
    const source = input({ shape: [null, size] });
    const [, h, c] = lstm(16, { name: 'encoder', returnState: true }).on(source);
    return { source, h: h as SymbolicTensor, c: c as SymbolicTensor };
  };
  const decode = (h: SymbolicTensor, c: SymbolicTensor) => {
    const late = input({ shape: [null, size] });
    const layer = lstm(16, { name: 'decoder', returnSequences: true, returnState: true });
    const [decoded, ...states] = layer.on(late, h, c);
    const next = dense(size, { name: 'next', activation: 'softmax' }).on(decoded as SymbolicTensor);
    return { late, next, states };
  };

  it('learns to turn a sequence around, taught by the right answers, and decodes it alone', async () => {
    const { source, h, c } = encode();
    const { late, next } = decode(h, c);
    const trained = model({ inputs: { source, late }, outputs: next }, { seed: 1 });
    trained.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: adam({ learningRate: 0.02 }) });
    // Words 1 to 3 in all orders of two and three; 0 begins and ends.
    const words = [1, 2, 3];
    const texts = words.flatMap((a) => words.flatMap((b) => [[a, b], ...words.map((d) => [a, b, d])]));
    const answers = texts.map((text) => [...text].reverse());
    const x = {
      source: texts.map((text) => text.map(word)),
      late: answers.map((answer) => [0, ...answer].map(word)),
    };
    await trained.fit(
      x,
      answers.map((answer) => [...answer, 0]),
      { epochs: 120, batchSize: 12 },
    );

    const [begin, ended] = [encode(), { h: input({ shape: [16] }), c: input({ shape: [16] }) }];
    const encoder = model({ inputs: begin.source, outputs: { h: begin.h, c: begin.c } });
    const one = decode(ended.h, ended.c);
    const [h2, c2] = one.states as [SymbolicTensor, SymbolicTensor];
    const decoder = model({
      inputs: { late: one.late, h: ended.h, c: ended.c },
      outputs: { next: one.next, h: h2, c: c2 },
    });
    const weights = trained.getWeights();
    for (const part of [encoder, decoder]) {
      const own = Object.keys(part.getWeights());
      part.setWeights(Object.fromEntries(own.map((name) => [name, weights[name] as Tensor])));
    }
    type States = { h: Tensor; c: Tensor };
    const step: StepFunction<States> = (token, { h, c }) => {
      const said = decoder.predict({ late: [[word(token)]], h, c });
      return { probabilities: said.next.data, state: said };
    };
    const right = texts.filter((text, i) => {
      const start = step(0, encoder.predict([text.map(word)]));
      const greedy = drawTokens(step, start, { length: 5, end: 0, temperature: 0 });
      const [best] = beamSearch(step, start, { width: 3, length: 5, end: 0 });
      const answer = [...(answers[i] as number[]), 0].join();
      return greedy.join() === answer && best?.tokens.join() === answer;
    });
    expect(right.length / texts.length).toBeGreaterThan(0.9);
  });
});
