/** The command line as processes. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.js';
import { dense, lstm, sequential, serializeModel } from '../../src/index.js';
import { ROOT, temporaryFolder } from '../project/support.js';

const LONGHAND = join(ROOT, 'dist/bundle/cli/longhand.js');
const folder = temporaryFolder();
const model = join(folder, 'model.safetensors');

beforeAll(() => {
  expect(existsSync(LONGHAND), 'there is no dist: run `npm run build` first').toBe(true);
  writeFileSync(model, serializeModel(sequential([lstm(3), dense(1)], { seed: 1 }).build([null, 2])));
});

function run(words: readonly string[], input?: Uint8Array) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LONGHAND, ...words], {
    cwd: folder,
    encoding: 'utf8',
    input,
  });
  return { code: status, stdout, stderr };
}

describe('longhand', () => {
  it('without a command lists them, and says by its code that this was not enough', () => {
    const { code, stdout } = run([]);
    expect(code).toBe(2);
    for (const { name, about } of commands) {
      expect(stdout).toContain(name);
      expect(stdout).toContain(about);
    }
    expect(run(['--help'])).toEqual({ code: 0, stdout, stderr: '' });
  });

  it('says its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('says what is wrong in a line, with code 2', () => {
    expect(run(['inspct'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        "longhand: the command 'inspct' is not known: did you mean 'inspect'?; longhand --help lists them\n",
    });
    expect(run(['inspect', 'nowhere'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'longhand: the file nowhere does not exist\n',
    });
    mkdirSync(join(folder, 'models'), { recursive: true });
    expect(run(['inspect', 'models']).stderr).toBe(
      'longhand: models is a folder: give the path of a file in it\n',
    );
    expect(run(['inspect', '-'], new Uint8Array(0)).stderr).toBe('longhand: the standard input is empty\n');
    expect(run(['inspect', '-'], new Uint8Array(100)).stderr).toMatch(/^longhand: the standard input: .+\n$/);
  });

  it('ends quietly where the reader of its output has read enough', async () => {
    const child = spawn('sh', ['-c', '"$0" "$@" | head -n 1', process.execPath, LONGHAND, 'inspect', model]);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(stderr).toBe('');
  });
});

describe('inspect', () => {
  it('shows facts, layers and weights', () => {
    const { code, stdout, stderr } = run(['inspect', model, '--weights']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^seed +1$/m);
    expect(stdout).toMatch(/^lstm_1 \(lstm\) +\[\?, 3\] +72$/m);
    expect(stdout).toMatch(/^Parameters: 76 /m);
    expect(stdout).toMatch(/^dense_1\/kernel +\[3, 1\] .*█/m);
  });

  it('gives JSON, from the standard input too', () => {
    const { stdout } = run(['inspect', '-', '--json'], readFileSync(model));
    const facts = JSON.parse(stdout) as {
      parameters: number;
      weights: { name: string; histogram: number[] }[];
    };
    expect(facts.parameters).toBe(76);
    expect(facts.weights.map(({ name }) => name)).toContain('lstm_1/recurrentKernel');
    const kernel = facts.weights[0] as { histogram: number[] };
    expect(kernel.histogram.reduce((sum, count) => sum + count)).toBe(24);
  });
});

describe('export', () => {
  it('writes a module that predicts what the model does', async () => {
    expect(run(['export', '--standalone', model, '--out', 'model.mjs'])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const { predict } = (await import(join(folder, 'model.mjs'))) as { predict(rows: unknown): number[][] };
    const loaded = sequential([lstm(3), dense(1)], { seed: 1, backend: 'reference' }).build([null, 2]);
    const rows = [
      [
        [1, 2],
        [0.5, -1],
      ],
      [[3, 4]],
    ];
    expect(predict(rows).flat()).toEqual(rows.flatMap((row) => Array.from(loaded.predict([row]).data)));
    expect(run(['export', '--standalone', '-'], readFileSync(model)).stdout).toBe(
      readFileSync(join(folder, 'model.mjs'), 'utf8'),
    );
  });

  it('needs to know what to make', () => {
    expect(run(['export', model]).stderr).toContain('write --standalone');
  });
});

describe('completion', () => {
  it('for bash is a script that completes commands, flags and choices', () => {
    const { stdout: script } = run(['completion', 'bash']);
    const complete = (...words: string[]) => {
      const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _longhand; echo "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' }).stdout.trim();
    };
    expect(complete('longhand', 'insp')).toBe('inspect');
    expect(complete('longhand', 'inspect', '--w')).toBe('--weights');
    expect(complete('longhand', 'completion', '')).toBe('bash zsh');
  });

  it('for zsh names all commands and their flags, and another shell is refused', () => {
    const { stdout } = run(['completion', 'zsh']);
    for (const { name, flags } of commands) {
      expect(stdout).toContain(`    ${name}) _arguments`);
      for (const flag of Object.keys(flags)) expect(stdout).toContain(`'--${flag}[`);
    }
    expect(run(['completion', 'fish']).stderr).toContain('bash or zsh');
    expect(run(['completion', '--help']).stdout).toContain('eval');
  });
});
