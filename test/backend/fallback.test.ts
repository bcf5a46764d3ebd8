/**
 * Where WebAssembly is missing, forbidden or without room, and where it is there: what `auto` takes, what it says
 * about it, what it compiles, and what is said to who asked for a backend by its name.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';

/** The library as if just loaded, in an engine with this in the place of WebAssembly. */
async function loadWith(substitute: object | undefined) {
  vi.stubGlobal('WebAssembly', substitute);
  vi.resetModules();
  return import('../../src/index.js');
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.resetModules();
});

/** An engine's WebAssembly that looks at every module before it compiles it. */
function withModules(look: (bytes: Uint8Array<ArrayBuffer>) => void) {
  class Watched extends WebAssembly.Module {
    constructor(bytes: Uint8Array<ArrayBuffer>) {
      look(bytes);
      super(bytes);
    }
  }
  return { Module: Watched, Memory: WebAssembly.Memory, Instance: WebAssembly.Instance };
}

function refuse(): never {
  throw new Error("Refused to compile: 'wasm-unsafe-eval' is not an allowed source");
}

/** Refuses modules with this instruction. */
function refuseOnly(instruction: readonly number[]) {
  return (bytes: Uint8Array) => {
    if ([...bytes].join().includes(instruction.join())) refuse();
  };
}

const bitselect = [0xfd, 0x52];
const relaxedMadd = [0xfd, 0x85, 0x02];

const engines = [
  ['no WebAssembly', undefined, /this engine has no WebAssembly/],
  ['a policy that forbids it', withModules(refuse), /may not be compiled.* 'wasm-unsafe-eval'/],
  ['no SIMD', withModules(refuseOnly(bitselect)), /this engine has no WebAssembly SIMD/],
] as const;

const x = [[[1], [2]], [[3]], [[0]], [[1]]];
const y = [1, 0, 1, 0];

describe.each(engines)('with %s', (_name, substitute, reason) => {
  it('auto trains on the reference, and says so in one line where fit is watched', async () => {
    const { sequential, lstm, dense, serializeModel, deserializeModel } = await loadWith(substitute);
    const model = sequential([lstm(2), dense(1)], { seed: 1 });
    expect(model.backend).toBe('reference');
    model.compile({ loss: 'meanSquaredError' });
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    await model.fit(x, y, { epochs: 2 });
    expect(log).not.toHaveBeenCalled();
    for (const verbose of [1, 2] as const) {
      log.mockClear();
      await model.fit(x, y, { epochs: 2, verbose });
      const lines = log.mock.calls.map(([line]) => String(line));
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatch(reason);
      expect(lines[0]).toMatch(/^training runs on the reference kernels/);
      expect(lines[1]).toMatch(/^epoch 1/);
    }
    expect(deserializeModel(serializeModel(model)).backend).toBe('reference');
  });

  it('what was asked for by name is an error with the reason and the mend', async () => {
    const { sequential, ConfigError } = await loadWith(substitute);
    for (const backend of ['simd', 'relaxedSimd'] as const) {
      const make = () => sequential([], { backend });
      expect(make).toThrow(ConfigError);
      expect(make).toThrow(reason);
      expect(make).toThrow(/^backend '\w+' cannot be had here: .*; take backend 'auto'$/);
    }
  });
});

it('without fused multiply-add, auto takes plain SIMD and has nothing to say', async () => {
  const { sequential, dense } = await loadWith(withModules(refuseOnly(relaxedMadd)));
  const model = sequential([dense(1)], { seed: 1 });
  expect(model.backend).toBe('simd');
  expect(() => sequential([], { backend: 'relaxedSimd' })).toThrow(/no relaxed SIMD, only simd/);
  model.compile({ loss: 'meanSquaredError' });
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await model.fit([[1], [2]], [1, 2], { verbose: 2 });
  expect(log).toHaveBeenCalledTimes(1);
});

it('without room for a memory, auto takes the reference, and a name gets an error', async () => {
  class Full {
    constructor() {
      throw new RangeError('WebAssembly.Memory(): could not allocate memory');
    }
  }
  const { sequential, dense, ConfigError } = await loadWith({ ...withModules(() => {}), Memory: Full });
  const model = sequential([dense(1)], { seed: 1 });
  expect(model.backend).toBe('reference');
  model.compile({ loss: 'meanSquaredError' });
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await model.fit([[1], [2]], [1, 2], { verbose: 2 });
  expect(log.mock.calls[0]?.[0]).toMatch(/^training runs on the reference kernels.*address space/);
  expect(() => sequential([], { backend: 'simd' })).toThrow(ConfigError);
  expect(() => sequential([], { backend: 'simd' })).toThrow(/no address space left/);
});

it('compiles nothing before a model needs it, and then the probe and what the model takes', async () => {
  const sizes: number[] = [];
  const counting = withModules((bytes) => {
    sizes.push(bytes.length);
    refuseOnly(relaxedMadd)(bytes);
  });
  const { sequential } = await loadWith(counting);
  sequential([], { backend: 'reference' });
  expect(sizes).toEqual([]);
  sequential();
  const [relaxedProbe = Infinity, probe = Infinity, kernels = 0, ...more] = sizes;
  expect([relaxedProbe < 50, probe < 50, kernels > 2000]).toEqual([true, true, true]);
  sequential();
  sequential([], { backend: 'simd' });
  expect([more.length, sizes.length]).toEqual([0, 3]);
});
