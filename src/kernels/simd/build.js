/**
 * Compiles the kernels of this folder to WebAssembly, once in plain and once in relaxed SIMD, and writes both as
 * text into src/backend/simd-binaries.ts, so that the package fetches nothing and needs no loader. Where that file is
 * younger than everything it is made from there is nothing to do.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textFromBytes } from './byte-text.js';

const here = dirname(fileURLToPath(import.meta.url));
const OUTPUT = join(here, '../../backend/simd-binaries.ts');
const LOCK = join(here, '../../../package-lock.json');

function isUpToDate() {
  const changed = (file) => statSync(file).mtimeMs;
  const sources = readdirSync(here).map((name) => join(here, name));
  return existsSync(OUTPUT) && Math.max(...[LOCK, ...sources].map(changed)) < changed(OUTPUT);
}

/** Imports name the files that a module will have, `./math.js`; the compiler looks for `./math.js.ts`. */
function readFile(name) {
  try {
    return readFileSync(join(here, name.replace(/\.js\.ts$/, '.ts')), 'utf8');
  } catch {
    return null;
  }
}

async function compile(asc, features) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      'index.ts',
      '--outFile=kernels.wasm',
      '--runtime=stub',
      '--use=abort=',
      '--importMemory',
      '--initialMemory=0',
      '-O3',
      '--noAssert',
      '--converge',
      ...features.map((feature) => `--enable=${feature}`),
    ],
    {
      readFile,
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return binary;
}

async function build() {
  const { default: asc } = await import('assemblyscript/asc');
  const binaries = {
    simd: await compile(asc, ['simd']),
    relaxedSimd: await compile(asc, ['simd', 'relaxed-simd']),
  };
  const declarations = Object.entries(binaries).map(
    ([name, binary]) => `export const ${name} =\n  '${textFromBytes(binary)}';\n`,
  );
  writeFileSync(
    OUTPUT,
    `/** The SIMD kernels as WebAssembly, made by src/kernels/simd/build.js: do not edit. See byte-text.ts. */\n${declarations.join('')}`,
  );
}

if (!isUpToDate()) await build();
