import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ConfigError,
  dense,
  FormatError,
  lstm,
  type Sequential,
  sequential,
  serializeModel,
} from '../../src/index.js';
import { writeFileWhole } from '../../src/node/files.js';
import { loadModel, saveModel } from '../../src/node/index.js';
import { ROOT, temporaryFolder } from '../project/support.js';

vi.mock('node:fs/promises', { spy: true });
afterEach(() => vi.mocked(fs.rename).mockReset());
afterEach(() => vi.mocked(fs.open).mockReset());

const x = [
  [
    [1, 2],
    [3, 4],
  ],
];

function makeModel(seed: number, units = 3): Sequential {
  const model = sequential([lstm(units), dense(1, { activation: 'sigmoid' })], { seed });
  model.compile({ loss: 'binaryCrossentropy' });
  model.trainOnBatch(x, [1]);
  return model;
}

const root = temporaryFolder();

/** A new empty folder, and a path in it. */
function place(name = 'model.safetensors') {
  const folder = mkdtempSync(join(root, 'place-'));
  return { folder, path: join(folder, name) };
}

describe('saveModel and loadModel', () => {
  it('bring back the model', async () => {
    const { folder, path } = place();
    const model = makeModel(1);
    await saveModel(model, path);
    const loaded = await loadModel(path);
    expect(loaded.predict(x)).toEqual(model.predict(x));
    expect(loaded.trainOnBatch(x, [0])).toEqual(model.trainOnBatch(x, [0]));
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  });

  it('write what serializeModel gives, over what was there', async () => {
    const { path } = place();
    writeFileSync(path, 'something longer that was there before'.repeat(1000));
    const model = makeModel(2);
    const bytes = serializeModel(model);
    const saving = saveModel(model, path);
    model.trainOnBatch(x, [0]); // what is saved is the model at the call
    await saving;
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  });

  it('take a name as long as a file can have, and one with spaces', async () => {
    for (const name of ['n'.repeat(255), ' the model (final) é.safetensors']) {
      const { folder, path } = place(name);
      await saveModel(makeModel(3), path);
      expect((await loadModel(path)).seed).toBe(3);
      expect(readdirSync(folder)).toEqual([name]);
    }
  });

  it('say which file is damaged', async () => {
    const { path } = place();
    await saveModel(makeModel(4), path);
    truncateSync(path, 1000);
    await expect(loadModel(path)).rejects.toThrow(FormatError);
    await expect(loadModel(path)).rejects.toThrow(`${path}: not a sound safetensors file: it is cut short`);
    truncateSync(path, 0);
    await expect(loadModel(path)).rejects.toThrow(FormatError);
  });

  it('say which file is not there', async () => {
    const { folder, path } = place();
    await expect(loadModel(path)).rejects.toMatchObject({ code: 'ENOENT', path });
    await expect(loadModel(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('a save that fails', () => {
  /** The error of a save onto a whole file, which must be left as it was, with nothing beside it. */
  async function failure(): Promise<unknown> {
    const { folder, path } = place();
    const model = makeModel(5);
    const bytes = serializeModel(model);
    writeFileSync(path, bytes);
    model.trainOnBatch(x, [0]);
    const error = await saveModel(model, path).catch((reason: unknown) => reason);
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
    return error;
  }

  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

  it('in writing leaves the old file whole', async () => {
    const { open } = await vi.importActual<typeof fs>('node:fs/promises');
    vi.mocked(fs.open).mockImplementation(async (path, flags) => {
      const file = await open(path, flags);
      file.writeFile = async (content) => {
        await file.write((content as Uint8Array).subarray(0, 500));
        throw full;
      };
      return file;
    });
    expect(await failure()).toBe(full);
  });

  it('in bringing the bytes to the disk leaves the old file whole', async () => {
    const { open } = await vi.importActual<typeof fs>('node:fs/promises');
    vi.mocked(fs.open).mockImplementation(async (path, flags) => {
      const file = await open(path, flags);
      file.sync = () => Promise.reject(full);
      return file;
    });
    expect(await failure()).toBe(full);
  });

  it('in renaming leaves the old file whole', async () => {
    vi.mocked(fs.rename).mockRejectedValue(full);
    expect(await failure()).toBe(full);
  });

  it('because the model is not built touches nothing', async () => {
    const { folder, path } = place();
    await expect(saveModel(sequential([lstm(2)]), path)).rejects.toThrow(ConfigError);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('because there is no such folder makes none', async () => {
    const { folder } = place();
    const path = join(folder, 'missing', 'model.safetensors');
    await expect(saveModel(makeModel(6), path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('because a folder is in its place leaves the folder as it is', async () => {
    const { folder, path } = place();
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), 'kept');
    await expect(saveModel(makeModel(7), path)).rejects.toHaveProperty('code');
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
    expect(readFileSync(join(path, 'inside'), 'utf8')).toBe('kept');
  });

  it('only in making the new name last is no failure', async () => {
    const { open } = await vi.importActual<typeof fs>('node:fs/promises');
    const { folder, path } = place();
    vi.mocked(fs.open).mockImplementation((opened, flags) =>
      opened === folder ? Promise.reject(full) : open(opened, flags),
    );
    await saveModel(makeModel(8), path);
    expect((await loadModel(path)).seed).toBe(8);
  });
});

describe('saves to one path at once', () => {
  it('leave one whole file', async () => {
    const { folder, path } = place();
    const models = Array.from({ length: 12 }, (_, seed) => makeModel(seed, 3 + 5 * seed));
    await Promise.all(models.map((model) => saveModel(model, path)));
    const { seed } = await loadModel(path);
    expect(Buffer.compare(readFileSync(path), serializeModel(models[seed] as Sequential))).toBe(0);
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  });
});

describe('writeFileWhole', () => {
  it('writes text and bytes', async () => {
    const { path } = place('é.txt');
    await writeFileWhole(path, 'é\n');
    expect(readFileSync(path, 'utf8')).toBe('é\n');
    await writeFileWhole(path, Uint8Array.of(1, 2));
    expect([...readFileSync(path)]).toEqual([1, 2]);
    await writeFileWhole(path, '');
    expect(readFileSync(path, 'utf8')).toBe('');
  });
});

/** Saves the model in the file again and again, with one seed after the other, until it is killed. */
const SAVE_FOREVER = `
  import { lstm, sequential } from '${pathToFileURL(join(ROOT, 'dist/index.js'))}';
  import { saveModel } from '${pathToFileURL(join(ROOT, 'dist/node/index.js'))}';
  const models = [40, 160].map((units) =>
    sequential([lstm(units, { recurrentInitializer: 'zeros' })]).build([null, 64]));
  for (let i = 0; ; i++) {
    await saveModel(models[i % 2], process.argv[1]);
    if (i === 1) console.log('saved');
  }`;

describe('a process that is killed while it saves', () => {
  it('leaves a whole file, every time', async () => {
    expect(existsSync(join(ROOT, 'dist/node/index.js')), 'there is no dist: run `npm run build`').toBe(true);
    const { folder, path } = place();
    let interruptions = 0;
    for (let round = 0; round < 20; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', SAVE_FOREVER, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, (round * 7) % 20));
      await kill(child);
      const weights = (await loadModel(path)).countParams();
      expect([4 * 40 * (64 + 40 + 1), 4 * 160 * (64 + 160 + 1)]).toContain(weights);
      const others = readdirSync(folder).filter((name) => name !== 'model.safetensors');
      interruptions += others.length;
      for (const name of others) {
        expect(name).toMatch(/^\.longhand-.*\.tmp$/);
        await fs.rm(join(folder, name));
      }
    }
    expect(interruptions, 'no kill came in the middle of a save').toBeGreaterThan(0);
  });
});

function kill(child: ChildProcess): Promise<unknown> {
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  return closed;
}
