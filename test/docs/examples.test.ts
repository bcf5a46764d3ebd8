/** Every example runs in its short form, prints, and draws; its page shows the command and the picture. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, read, runNode, runTsc } from '../project/support.js';
import { checkXml } from '../support/xml.js';

const FOLDER = 'docs/examples';
const RUNNER = join(ROOT, '.build/examples/run.js');
const names = readdirSync(join(ROOT, FOLDER)).filter((name) =>
  existsSync(join(ROOT, FOLDER, name, 'main.ts')),
);

/** A page is served, and its picture is a screenshot: browser.test.ts opens it. */
const isPage = (name: string) => existsSync(join(ROOT, FOLDER, name, 'index.html'));

beforeAll(async () => {
  expect(existsSync(join(ROOT, 'dist/index.js')), 'there is no dist: run `npm run build` first').toBe(true);
  const { code, stdout } = await runTsc(join(ROOT, FOLDER));
  expect(stdout).toBe('');
  expect(code).toBe(0);
});

describe.each(names)('the example %s', (name) => {
  test('runs in short form, prints and draws', async () => {
    const { code, stdout, stderr } = await runNode([RUNNER, name, '--short'], ROOT);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.trim()).not.toBe('');
    expect(stdout).not.toMatch(/NaN|undefined/);
    if (!isPage(name))
      checkXml(readFileSync(join(ROOT, '.build/examples/short', name, 'picture.svg'), 'utf8'));
  });

  test('has a page with its command and its picture, and is on the list', () => {
    const page = read(`${FOLDER}/${name}/README.md`);
    expect(page).toContain(`npm run example -- ${name}\n`);
    const picture = isPage(name) ? 'picture.png' : 'picture.svg';
    expect(page).toMatch(new RegExp(`!\\[[^\\]]+\\]\\(${picture}\\)`));
    if (isPage(name)) expect(existsSync(join(ROOT, FOLDER, name, picture))).toBe(true);
    else checkXml(read(`${FOLDER}/${name}/${picture}`));
    expect(read(`${FOLDER}/README.md`)).toContain(`(${name}/README.md)`);
  });
});

test('an unknown name is an error that lists the names', async () => {
  const { code, stderr } = await runNode([RUNNER, 'no-such-example'], ROOT);
  expect(code).toBe(2);
  expect(stderr).toContain(`got 'no-such-example': ${names.join(', ')}`);
});
