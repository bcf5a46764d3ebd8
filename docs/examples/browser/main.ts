/**
 * Serves the page beside this file, and the built package that it imports, at http://localhost:8000: pages of modules do
 * not open from a folder. Any server of files does; this one is here so that nothing has to be installed.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const short = process.argv.includes('--short');
const PROJECT = new URL('../../../', import.meta.url);
const port = short ? 0 : Number(process.env.PORT ?? 8000);
const PAGE = '/docs/examples/browser/';
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  map: 'application/json',
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/') {
    response.writeHead(302, { location: PAGE }).end();
    return;
  }
  const path = pathname === PAGE ? `${PAGE}index.html` : pathname;
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1)];
  // A URL has no `..` left; what is neither the page nor the package is nobody's business.
  const isOurs = path === `${PAGE}index.html` || path.startsWith('/dist/');
  try {
    if (type === undefined || !isOurs) throw new Error('not found');
    const bytes = await readFile(fileURLToPath(new URL(`.${path}`, PROJECT)));
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(bytes);
  } catch {
    response.writeHead(404).end('not found');
  }
}

const server = createServer(answer);
server.on('error', (error) => {
  console.error(
    `cannot serve at port ${port}: ${error.message}; PORT=${port + 1} npm run example -- browser takes another`,
  );
  process.exitCode = 1;
});
server.listen(port, 'localhost', async () => {
  const address = `http://localhost:${(server.address() as AddressInfo).port}`;
  console.log(`${address}${PAGE}   (Ctrl+C ends it)`);
  if (!short) return;
  // In short form: the page, the package, and nothing else.
  for (const path of [PAGE, '/dist/index.js', '/package.json']) {
    const { status } = await fetch(address + path);
    console.log(`${path} ${status}`);
  }
  server.close();
  server.closeAllConnections();
});
