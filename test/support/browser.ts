/**
 * A page in headless Chromium, driven by the DevTools protocol over two pipes: messages of JSON with a zero byte behind
 * each, in by file descriptor 3 and out by 4 (`--remote-debugging-pipe`). Node 20 has no WebSocket, and this needs none.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** The Chromium of this machine, or the one that CHROMIUM names; undefined where there is none. */
export const chromium = [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => name !== undefined && spawnSync(name, ['--version']).status === 0,
);

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--remote-debugging-pipe',
];

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export interface Page {
  /** Errors that the page has thrown or logged so far. */
  readonly errors: readonly string[];
  /** What an expression comes to in the page; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until an expression is true in the page. */
  waitFor(expression: string): Promise<void>;
  screenshot(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens a page in a browser of its own, with an empty profile. */
export async function openPage(url: string, { width = 1000, height = 1005 } = {}): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'longhand-browser-'));
  const flags = [...FLAGS, `--user-data-dir=${profile}`];
  const browser = spawn(chromium as string, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const errors: string[] = [];
  const { send, onEvent } = connect(browser);
  const created = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId: created.targetId, flatten: true });
  const inPage = (method: string, params = {}) => send(method, params, sessionId as string);
  onEvent((method, params) => {
    if (method === 'Runtime.exceptionThrown') errors.push(JSON.stringify(params.exceptionDetails));
    if (method === 'Log.entryAdded' && (params.entry as { level: string }).level === 'error')
      errors.push(JSON.stringify(params.entry));
  });
  await inPage('Runtime.enable');
  await inPage('Log.enable');
  await inPage('Page.enable');
  const size = { width, height, deviceScaleFactor: 1, mobile: false };
  await inPage('Emulation.setDeviceMetricsOverride', size);
  await inPage('Page.navigate', { url });

  const evaluate = async (expression: string) => {
    const { result, exceptionDetails } = await inPage('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  };
  return {
    errors,
    evaluate,
    waitFor: async (expression) => {
      while ((await evaluate(expression)) !== true) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    screenshot: async (path) => {
      const { data } = await inPage('Page.captureScreenshot');
      writeFileSync(path, Buffer.from(data as string, 'base64'));
    },
    close: async () => {
      const ended = new Promise((resolve) => browser.once('exit', resolve));
      await send('Browser.close').catch(() => {});
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Requests and their answers over the pipes of a browser. */
function connect(browser: ChildProcess) {
  const [, , , input, output] = browser.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<
    number,
    { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }
  >();
  let listener = (_method: string, _params: Record<string, unknown>): void => {};
  let last = 0;
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop() as string;
    for (const each of messages) {
      const { id, method, params = {}, result = {}, error } = JSON.parse(each) as Message;
      if (method !== undefined) listener(method, params);
      if (id === undefined) continue;
      const { resolve, reject } = waiting.get(id) as NonNullable<ReturnType<typeof waiting.get>>;
      waiting.delete(id);
      if (error) reject(new Error(error.message));
      else resolve(result);
    }
  });
  browser.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser has ended'));
  });
  return {
    send: (method: string, params = {}, sessionId?: string) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve, reject });
        input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      }),
    onEvent: (call: typeof listener) => {
      listener = call;
    },
  };
}
