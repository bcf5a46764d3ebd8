import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  adam,
  add,
  type ClassLabels,
  ConfigError,
  classLabels,
  concatenate,
  DataError,
  dense,
  deserializeModel,
  deserializePipeline,
  embedding,
  FormatError,
  input,
  log1p,
  lstm,
  model,
  oneHot,
  type Pipeline,
  pipeline,
  readPreparation,
  registerTransform,
  type Scaler,
  ShapeError,
  type StepLabels,
  sequential,
  serializeModel,
  serializePipeline,
  standardScaler,
  stepLabels,
  type Tensor,
  type TextVectorizer,
  table,
  tableEncoder,
  tensor,
  textVectorizer,
} from '../../src/index.js';

const texts = [
  'good film',
  'bad film',
  'good, good',
  'so bad',
  'a good one',
  'bad bad bad',
  'new: good',
  'odd bad',
];
const names = texts.map((text) => (text.includes('good') ? 'praise' : 'blame'));

function textClassifier(vectorizer = textVectorizer({ vocabularySize: 20 }), labels = classLabels()) {
  const model = sequential(
    [embedding(20, 6, { maskZero: true }), lstm(6), dense(1, { activation: 'sigmoid' })],
    { seed: 3 },
  );
  model.compile({
    optimizer: adam({ learningRate: 0.05 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy'],
  });
  return pipeline({ inputs: vectorizer, model, outputs: labels });
}

describe('a pipeline of texts and names', () => {
  it('takes raw rows and answers in names', async () => {
    const pipe = textClassifier();
    const { history } = await pipe.fit(texts, names, { epochs: 30, batchSize: 4 });
    expect(history.loss).toHaveLength(30);
    expect(pipe.predict(texts)).toEqual(names);
    expect(pipe.predict(['good', 'bad', 'nothing of it'])).toMatchObject(['praise', 'blame', /praise|blame/]);
    expect(pipe.evaluate(texts, names).accuracy).toBe(1);
    const [[best]] = pipe.outputs.rank(pipe.predictOutputs(['good good'])) as [
      [{ label: string; probability: number }],
    ];
    expect(best.label).toBe('praise');
    expect(best.probability).toBeGreaterThan(0.9);
  });

  it('gives what its parts give by hand', async () => {
    const pipe = textClassifier();
    await pipe.fit(texts, names, { epochs: 3, batchSize: 4 });
    const vectorizer = textVectorizer({ vocabularySize: 20 }).fit(texts);
    const labels = classLabels().fit(names);
    const byHand = textClassifier().model;
    await byHand.fit(vectorizer.transform(texts), labels.transform(names), { epochs: 3, batchSize: 4 });
    expect(pipe.predictOutputs(texts)).toEqual(byHand.predict(vectorizer.transform(texts)));
  });

  it('is typed by its parts', () => {
    const pipe = textClassifier();
    expectTypeOf(pipe).toEqualTypeOf<Pipeline<TextVectorizer, ClassLabels<string>>>();
    expectTypeOf(pipe.predict).returns.toEqualTypeOf<string[]>();
    expectTypeOf(pipe.predict).parameter(0).toEqualTypeOf<readonly string[]>();
    expectTypeOf<Pipeline<undefined, Scaler>['predict']>().returns.toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf<Pipeline<TextVectorizer, StepLabels<'a'>>['predict']>().returns.toEqualTypeOf<'a'[][]>();
    expectTypeOf<Pipeline<TextVectorizer, undefined>['predict']>().returns.toEqualTypeOf<Tensor>();
  });
});

describe('what is learned from data', () => {
  it('comes from the rows that are trained on alone', async () => {
    const pipe = textClassifier();
    await pipe.fit(texts, names, { validationSplit: 0.25 });
    expect(pipe.inputs.vocabulary).toEqual(textVectorizer().fit(texts.slice(0, 6)).vocabulary);
    expect(pipe.inputs.vocabulary).not.toContain('odd');
    const held = textClassifier();
    await held.fit(texts.slice(0, 6), names.slice(0, 6), {
      validationData: [texts.slice(6), names.slice(6)],
    });
    expect(held.inputs.vocabulary).toEqual(pipe.inputs.vocabulary);
    expect(held.predictOutputs(texts)).toEqual(pipe.predictOutputs(texts));
  });

  it('splits as the model does, whatever the share', async () => {
    const seen: number[] = [];
    const spy = {
      ...{ kind: 'spy', isFitted: false, toJSON: () => ({ kind: 'spy', options: {} }) },
      fit: (rows: readonly number[]) => void seen.push(rows.length),
      transform: (rows: readonly number[]) => rows.map((row) => [row]),
      inverse: (ready: Tensor) => ready,
    };
    const network = sequential([dense(1)], { seed: 1 }).compile({ loss: 'meanSquaredError' });
    const pipe = pipeline({ inputs: spy, model: network });
    const rows = [1, 2, 3, 4, 5, 6, 7];
    for (const share of [0, 0.1, 0.3, 1 / 3, 0.5, 0.7])
      await pipe.fit(rows, rows, { validationSplit: share });
    expect(seen).toEqual([7, 6, 4, 4, 3, 2]);
  });

  it('stays once it is learned', async () => {
    const vectorizer = textVectorizer({ vocabularySize: 20 }).fit(['only this']);
    const pipe = textClassifier(vectorizer);
    await pipe.fit(texts, names, { onWarning: () => {} });
    expect(vectorizer.vocabulary).toEqual(['', '[UNK]', 'only', 'this']);
    expect(pipe.outputs.classes).toEqual(['blame', 'praise']);
    await pipe.fit(texts.slice(0, 2), names.slice(0, 2));
    expect(pipe.outputs.classes).toEqual(['blame', 'praise']);
  });

  it('is nothing where the model is not compiled, or x and y do not match', async () => {
    const inputs = textVectorizer();
    const bare = pipeline({ inputs, model: sequential([embedding(20, 2), lstm(2)]) });
    await expect(bare.fit(texts, [1])).rejects.toThrow('fit: compile the model of the pipeline first');
    const pipe = textClassifier(inputs);
    await expect(pipe.fit(texts, ['a'])).rejects.toThrow(ShapeError);
    await expect(pipe.fit(texts, ['a'])).rejects.toThrow('y has 1 rows but x has 8');
    await expect(pipe.fit(texts, names, { validationSplit: 2 })).rejects.toThrow(ConfigError);
    expect(inputs.isFitted).toBe(false);
  });
});

describe('options', () => {
  it('weigh classes by their names', async () => {
    const [named, numbered] = [textClassifier(), textClassifier()];
    await named.fit(texts, names, { classWeight: { praise: 3 } });
    const labels = classLabels().fit(names);
    const vectorizer = textVectorizer().fit(texts);
    await numbered.model.fit(vectorizer.transform(texts), labels.transform(names), { classWeight: { 1: 3 } });
    expect(named.model.getWeights()).toEqual(numbered.model.getWeights());
    await expect(named.fit(texts, names, { classWeight: { prase: 3 } })).rejects.toThrow(
      "did you mean 'praise'?",
    );
  });

  it('go to the model', async () => {
    const pipe = textClassifier();
    const { history } = await pipe.fit(texts, names, {
      epochs: 2,
      sampleWeight: texts.map((_, row) => row + 1),
      validationData: [texts, names, texts.map(() => 2)],
      missing: 'mask',
    });
    expect(history.val_loss).toHaveLength(2);
    await expect(pipe.fit(texts, names, { epoch: 2 } as never)).rejects.toThrow("did you mean 'epochs'?");
    expect(() => pipe.evaluate(texts, names, { steps: 1 } as never)).toThrow(ConfigError);
    expect(() => pipe.predict(texts, { samples: 3 } as never)).toThrow('ask the model itself');
    expect(pipe.predict(texts, { batchSize: 2 })).toEqual(pipe.predict(texts));
  });
});

describe('numbers', () => {
  // Temperatures of 15 to 25 degrees: a step each, and the next one in y.
  const x = Array.from({ length: 12 }, (_, row) => [[20 + 5 * Math.sin(row)], [20 + 5 * Math.sin(row + 1)]]);
  const y = x.map((_, row) => 20 + 5 * Math.sin(row + 2));

  function forecast() {
    const model = sequential([lstm(4), dense(1)], { seed: 1 });
    model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: 'meanSquaredError' });
    return pipeline({ inputs: standardScaler(), model, outputs: standardScaler() });
  }

  it('come back in their own units', async () => {
    const pipe = forecast();
    await pipe.fit(x, y, { epochs: 60, batchSize: 4 });
    const { data, shape } = pipe.predict(x);
    expect(shape).toEqual([12, 1]);
    for (const [row, value] of data.entries()) expect(Math.abs(value - (y[row] as number))).toBeLessThan(1.5);
  });

  it('go through as Tensors, as typed arrays, and without transforms', async () => {
    const xTensor = tensor(x.flat(2), [12, 2, 1]);
    const [lists, tensors] = [forecast(), forecast()];
    await lists.fit(x, y, { validationSplit: 0.25 });
    await tensors.fit(xTensor, Float64Array.from(y), { validationSplit: 0.25 });
    expect(JSON.stringify(tensors.inputs)).toBe(
      JSON.stringify(
        standardScaler().fit(x.slice(0, 9).map((row) => row.map((step) => step.map(Math.fround)))),
      ),
    );
    expect(JSON.stringify(tensors.outputs)).toBe(JSON.stringify(lists.outputs));
    const bare = pipeline({ model: forecast().model });
    await bare.fit(x, y);
    expect(bare.predict(x)).toEqual(bare.model.predict(x));
    expect(deserializePipeline<typeof bare>(serializePipeline(bare)).predict(x)).toEqual(bare.predict(x));
  });
});

describe('tables, and several inputs and outputs', () => {
  it('take rows of a table', async () => {
    const people = table({ age: [30, 40, 50, 60], city: ['Oslo', 'Rome', 'Oslo', 'Bern'] });
    const network = sequential([dense(3, { activation: 'softmax' })], { seed: 1 });
    network.compile({ loss: 'sparseCategoricalCrossentropy' });
    const inputs = tableEncoder({
      columns: { age: standardScaler(), city: oneHot({ unknown: 'zeros' } as never) },
    });
    const pipe = pipeline({ inputs, model: network, outputs: classLabels({ classes: ['a', 'b', 'c'] }) });
    await pipe.fit(people.pick([0, 1, 2]), ['a', 'b', 'c'], { validationSplit: 0.3 });
    expect(inputs.featureNames).toHaveLength(3);
    const again = deserializePipeline<typeof pipe>(serializePipeline(pipe));
    expect(again.predict(people.pick([0, 1]))).toEqual(pipe.predict(people.pick([0, 1])));
  });

  it('have a transform each', async () => {
    const words = input({ shape: [null, 1] });
    const age = input({ shape: [1] });
    const read = lstm(3).on(embedding(20, 4).on(words));
    const both = concatenate().on(read, age);
    const network = model(
      {
        inputs: { words, age },
        outputs: { mood: dense(1, { activation: 'sigmoid' }).on(both), price: dense(1).on(both) },
      },
      { seed: 1 },
    );
    network.compile({ loss: { mood: 'binaryCrossentropy', price: 'meanSquaredError' } });
    const pipe = pipeline({
      inputs: { words: textVectorizer({ vocabularySize: 20 }), age: standardScaler() },
      model: network,
      outputs: { mood: classLabels(), price: log1p() },
    });
    const x = { words: texts, age: texts.map((_, row) => [row]) };
    const y = { mood: names, price: texts.map((_, row) => 100 * row) };
    await pipe.fit(x, y, { epochs: 2, validationSplit: 0.25 });
    const { mood, price } = pipe.predict(x);
    expect(mood).toHaveLength(8);
    expect(price.shape).toEqual([8, 1]);
    expect(pipe.inputs.words.vocabulary).not.toContain('odd');
    const again = deserializePipeline<typeof pipe>(serializePipeline(pipe));
    expect(again.predict(x)).toEqual(pipe.predict(x));
    expect(again.evaluate(x, y)).toEqual(pipe.evaluate(x, y));
    expect(() => pipe.predict(texts as never)).toThrow(
      'pipeline: x is an object with words, age but is an array of 8',
    );
  });

  it('learn one by one: what has learned stays', async () => {
    const [first, second] = [input({ shape: [1] }), input({ shape: [1] })];
    const network = model(
      { inputs: { first, second }, outputs: dense(1).on(add().on(first, second)) },
      { seed: 1 },
    );
    network.compile({ loss: 'meanSquaredError' });
    const inputs = { first: standardScaler().fit([[0], [10]]), second: standardScaler() };
    const pipe = pipeline({ inputs, model: network });
    await pipe.fit({ first: [[1], [3]], second: [[1], [3]] }, [1, 2]);
    expect(inputs.first.transform([[10]])).toEqual([Float64Array.of(1)]);
    expect(inputs.second.transform([[3]])).toEqual([Float64Array.of(1)]);
  });

  it('of labels a step', async () => {
    const network = sequential([
      embedding(20, 4),
      lstm(4, { returnSequences: true }),
      dense(2, { activation: 'softmax' }),
    ]);
    network.compile({ loss: 'sparseCategoricalCrossentropy' });
    const pipe = pipeline({
      inputs: textVectorizer({ vocabularySize: 20 }),
      model: network,
      outputs: stepLabels(),
    });
    await pipe.fit(
      ['a b', 'b a c'],
      [
        ['x', 'y'],
        ['y', 'x', 'x'],
      ],
    );
    expect(pipe.predict(['a', 'b a c']).map((row) => row.length)).toEqual([1, 3]);
  });
});

describe('a file of a pipeline', () => {
  it('brings back all of it, to the bit', async () => {
    const pipe = textClassifier();
    await pipe.fit(texts, names, { epochs: 2 });
    const bytes = serializePipeline(pipe);
    const again = deserializePipeline<typeof pipe>(bytes);
    expect(again.predictOutputs(texts)).toEqual(pipe.predictOutputs(texts));
    expect(again.predict(texts)).toEqual(pipe.predict(texts));
    expect(again.inputs.vocabulary).toEqual(pipe.inputs.vocabulary);
    expect(Buffer.compare(serializePipeline(again), bytes)).toBe(0);
    const more = { epochs: 2, batchSize: 4 };
    expect((await again.fit(texts, names, more)).history).toEqual(
      (await pipe.fit(texts, names, more)).history,
    );
  });

  it('is a model by itself, and may do without the optimizer', async () => {
    const pipe = textClassifier();
    await pipe.fit(texts, names);
    const ids = pipe.inputs.transform(texts);
    expect(deserializeModel(serializePipeline(pipe)).predict(ids)).toEqual(pipe.model.predict(ids));
    const lean = serializePipeline(pipe, { includeOptimizer: false });
    expect(lean.length).toBeLessThan(serializePipeline(pipe).length);
    expect(deserializePipeline<typeof pipe>(lean).predict(texts)).toEqual(pipe.predict(texts));
  });

  it('is none where it holds a model alone, or something else beside it', async () => {
    const pipe = textClassifier();
    await pipe.fit(texts, names);
    const read = (preparation?: object) => () =>
      deserializePipeline(
        serializeModel(pipe.model, preparation ? { preparation: preparation as never } : {}),
      );
    expect(read()).toThrow(FormatError);
    expect(read()).toThrow(
      'holds no pipeline of format 1 but nothing beside its model: read it by deserializeModel',
    );
    for (const json of [
      [],
      {},
      { pipeline: 2 },
      { pipeline: 1, inputs: 5 },
      { pipeline: 1, inputs: {} },
      { pipeline: 1, inputs: [] },
      { pipeline: 1, inputs: ['textVectorizer'] },
      { pipeline: 1, inputs: { each: [] } },
      { pipeline: 1, inputs: { each: [['a']] } },
      {
        pipeline: 1,
        inputs: {
          each: [
            ['a', null],
            ['a', null],
          ],
        },
      },
      { pipeline: 1, outputs: { kind: 'classLabels', options: {}, learned: { classes: ['a'] } } },
      { pipeline: 1, outputs: { kind: '__proto__', options: {} } },
    ]) {
      expect(read(json), JSON.stringify(json)).toThrow(FormatError);
    }
  });

  it('holds what the transforms say, and nothing of the rows', async () => {
    const pipe = textClassifier();
    await pipe.fit(texts, names);
    expect(readPreparation(serializePipeline(pipe))).toEqual({
      pipeline: 1,
      inputs: JSON.parse(JSON.stringify(pipe.inputs)),
      outputs: JSON.parse(JSON.stringify(pipe.outputs)),
    });
  });
});

describe('a transform of your own', () => {
  const halves = () => ({
    ...{ kind: 'halves', isFitted: true, toJSON: () => ({ kind: 'halves', options: {} }) },
    fit() {
      return this;
    },
    transform: (rows: readonly number[]) => rows.map((row) => [row / 2]),
    inverse: ({ data }: Tensor) => Array.from(data, (value) => value * 2),
  });

  it('travels in the file once it is registered', () => {
    const pipe = pipeline({
      inputs: halves(),
      model: sequential([dense(1)], { seed: 1 }),
      outputs: halves(),
    });
    const predicted = pipe.predict([2, 4]);
    const bytes = serializePipeline(pipe);
    expect(() => deserializePipeline(bytes)).toThrow("of kind 'halves', which this version does not know");
    registerTransform('halves', halves as never);
    expect(deserializePipeline<typeof pipe>(bytes).predict([2, 4])).toEqual(predicted);
    expect(() => registerTransform('textVectorizer', halves as never)).toThrow(ConfigError);
    expect(() => registerTransform('', halves as never)).toThrow(ConfigError);
  });
});

describe('a mistake is an error', () => {
  it.each([
    [{}, 'pipeline: model is one that sequential or model made but is undefined'],
    [
      { model: sequential([dense(1)]), inputs: 5 },
      'inputs is a transform, such as textVectorizer(), or one for each',
    ],
    [
      { model: sequential([dense(1)]), outputs: { a: {} } },
      'outputs.a is an object with nothing and no transform',
    ],
    [
      { model: sequential([dense(1)]), labels: classLabels() },
      "no option 'labels': write outputs: classLabels()",
    ],
  ])('in making one, number %#', (parts, message) => {
    expect(() => pipeline(parts as never)).toThrow(ConfigError);
    expect(() => pipeline(parts as never)).toThrow(message);
  });

  it('in its data', async () => {
    const pipe = textClassifier();
    await expect(pipe.fit('good' as never, names)).rejects.toThrow(DataError);
    await expect(pipe.fit((() => texts) as never, names)).rejects.toThrow('pipeline: x is rows, in an array');
    expect(() => pipe.predict(texts)).toThrow('textVectorizer has learned nothing yet');
    await pipe.fit(texts, names);
    expect(() => pipe.predict(['good', ''])).toThrow("text 1, '', has no token");
    await expect(pipe.fit(texts, [...names.slice(1), 'neither'])).rejects.toThrow(
      "row 7 is 'neither', which is none",
    );
  });
});
