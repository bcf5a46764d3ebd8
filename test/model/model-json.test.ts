/** Architectures as JSON, there and back, and layers that users register. */
import { describe, expect, it } from 'vitest';
import {
  bidirectional,
  ConfigError,
  dense,
  deserializeModel,
  dropout,
  FormatError,
  gru,
  input,
  Layer,
  type LayerOptions,
  l2,
  lstm,
  type ModelJSON,
  model,
  modelFromJSON,
  type PlannedLayer,
  registerLayer,
  sequential,
  serializeModel,
} from '../../src/index.js';

const chainOf = () =>
  sequential([bidirectional(lstm(3, { kernelRegularizer: l2(0.1) })), dropout(0.2), dense(2)], { seed: 7 });

describe('an architecture as JSON', () => {
  it('makes the same model again, with the same first weights', () => {
    const first = chainOf().build([null, 4]);
    const again = modelFromJSON(JSON.stringify(first));
    expect(again.toJSON()).toEqual(first.toJSON());
    expect(again.getWeights()).toEqual(first.getWeights());
  });

  it('of a model that is not built is not built either', () => {
    const again = modelFromJSON(JSON.parse(JSON.stringify(chainOf())) as ModelJSON);
    expect(() => again.getWeights()).toThrow('build');
    expect(again.build([null, 4]).getWeights()).toEqual(chainOf().build([null, 4]).getWeights());
  });

  it('of a functional model keeps its shape', () => {
    const steps = input({ shape: [null, 2], name: 'steps' });
    const shared = gru(3);
    const first = model({
      inputs: { steps },
      outputs: { a: dense(1).on(shared.on(steps)), b: shared.on(steps) },
    });
    const again = modelFromJSON<typeof first>(JSON.stringify(first));
    const x = {
      steps: [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    };
    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    again.setWeights(first.getWeights());
    expect(again.predict(x)).toEqual(first.predict(x));
  });

  it('that is damaged is refused', () => {
    const good = chainOf().build([null, 4]).toJSON();
    for (const [bad, message] of [
      ['{', 'not JSON'],
      ['null', 'takes what model.toJSON() gave'],
      [JSON.stringify({ ...good, format: '9' }), "format '9'"],
      [JSON.stringify({ ...good, type: 'tree' }), "type 'tree'"],
      [JSON.stringify({ ...good, layers: 3 }), 'type'],
      [JSON.stringify({ ...good, inputShape: ['x'] }), 'input shape'],
      [JSON.stringify({ ...good, layers: [{ type: '__proto__' }] }), "type '__proto__'"],
      [JSON.stringify({ ...good, seed: -1 }), 'seed'],
    ] as const) {
      expect(() => modelFromJSON(bad), bad.slice(0, 60)).toThrow(message);
    }
    expect(() => modelFromJSON(JSON.stringify({ ...good, seed: -1 }))).toThrow(FormatError);
  });
});

class Same extends Layer {
  readonly type = 'same';
  readonly ranks = [2, 3];
  constructor(
    private readonly note: string,
    options: LayerOptions = {},
  ) {
    super(options);
  }
  outputShape<S>(shape: S): S {
    return shape;
  }
  plan([x]: readonly [PlannedLayer['output']]): PlannedLayer {
    return { output: x, forward: () => {}, backward: () => {} };
  }
  protected options() {
    return { note: this.note };
  }
}

describe('a layer of the user', () => {
  it('is not known until it is registered, and then travels in files and JSON', () => {
    const made = sequential([new Same('hello'), dense(1)], { seed: 1 }).build([2]);
    expect(() => serializeModel(made)).toThrow('made known by registerLayer');
    expect(() => modelFromJSON(JSON.stringify(made))).toThrow(FormatError);
    registerLayer('same', ({ note, ...options }) => new Same(note as string, options));
    expect(deserializeModel(serializeModel(made)).getWeights()).toEqual(made.getWeights());
    expect(modelFromJSON(JSON.stringify(made)).toJSON()).toEqual(made.toJSON());
  });

  it('cannot take the name of one of the library, nor no name', () => {
    expect(() => registerLayer('lstm', () => dense(1))).toThrow(ConfigError);
    expect(() => registerLayer('', () => dense(1))).toThrow(ConfigError);
    expect(() => registerLayer('x', undefined as never)).toThrow(ConfigError);
  });
});
