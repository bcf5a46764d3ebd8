/**
 * The page of docs/examples/browser in headless Chromium: it learns, stays alive meanwhile, stops when it is told to,
 * goes on, and throws nothing. Where there is no Chromium that is said, and passed over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, runTsc } from '../project/support.js';
import { chromium, openPage, type Page } from '../support/browser.js';

/** To be looked at. */
const SCREENSHOT = join(ROOT, '.build/examples/browser.png');

if (chromium === undefined) console.log('no Chromium here (CHROMIUM names one): the page is not tested');

const state = (name: string) => `document.documentElement?.dataset.state === '${name}'`;
/** True once the condition is, and an error as soon as the page shows one. */
const until = (condition: string) => `{
  const message = document.getElementById('message')?.textContent;
  if (message) throw new Error(message);
  ${condition};
}`;
const press = (id: string) => `document.getElementById('${id}').click()`;
const number = (id: string) => `Number(document.getElementById('${id}').textContent.replace(/[^\\d.]/g, ''))`;
const epochs = `parseInt(document.getElementById('epoch').textContent)`;

describe.skipIf(chromium === undefined)('the page', () => {
  let server: ChildProcess;
  let page: Page;

  beforeAll(async () => {
    expect(existsSync(join(ROOT, 'dist/index.js')), 'there is no dist: run `npm run build` first').toBe(true);
    await runTsc(join(ROOT, 'docs/examples'));
    mkdirSync(join(ROOT, '.build/examples'), { recursive: true });
    const main = join(ROOT, '.build/examples/browser/main.js');
    server = spawn(process.execPath, [main], { env: { ...process.env, PORT: '0' } });
    const address = await new Promise<string>((resolve, reject) => {
      server.stdout?.on('data', (text: Buffer) => resolve(String(text).split(' ')[0] as string));
      server.stderr?.on('data', (text: Buffer) => reject(new Error(String(text))));
    });
    page = await openPage(address);
    await page.waitFor(state('ready'));
  });

  afterAll(async () => {
    await page?.close();
    server?.kill();
  });

  test('learns, and draws frames and takes clicks meanwhile', async () => {
    const before = (await page.evaluate(number('frames'))) as number;
    await page.evaluate(press('train'));
    await page.waitFor(until(`${epochs} >= 10`));
    expect(await page.evaluate(number('frames'))).toBeGreaterThan(before + 3);
    await page.evaluate(press('stop'));
    await page.waitFor(until(state('stopped')));
    const stopped = await page.evaluate(epochs);
    expect(stopped).toBeLessThan(120);
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 100))');
    expect(await page.evaluate(epochs)).toBe(stopped);
  });

  test('goes on from there until the wave is known', async () => {
    await page.evaluate(press('train'));
    await page.waitFor(until(state('done')));
    expect(await page.evaluate(epochs)).toBe(120);
    expect(await page.evaluate(number('loss'))).toBeLessThan(0.01);
    await page.evaluate('new Promise(requestAnimationFrame)');
    await page.screenshot(SCREENSHOT);
  });

  test('starts over with another network', async () => {
    await page.evaluate(
      `{ const units = document.getElementById('units'); units.value = '8'; units.dispatchEvent(new Event('change')); }`,
    );
    await page.waitFor(until(`${state('ready')} && ${epochs} === 0`));
  });

  test('throws nothing', () => {
    expect(page.errors).toEqual([]);
  });
});
