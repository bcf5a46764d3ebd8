/**
 * Compiles the kernels of this folder to WebAssembly, once in plain and once in relaxed SIMD, and writes both as
 * text into src/backend/simd-binaries.ts, so that the package fetches nothing and needs no loader.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { textFromBytes } from './byte-text.js';

const here = dirname(fileURLToPath(import.meta.url));

/** Imports name the files that a module will have, `./math.js`; the compiler looks for `./math.js.ts`. */
function readFile(name) {
  try {
    return readFileSync(join(here, name.replace(/\.js\.ts$/, '.ts')), 'utf8');
  } catch {
    return null;
  }
}

async function compile(features) {
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

const binaries = {
  simd: await compile(['simd']),
  relaxedSimd: await compile(['simd', 'relaxed-simd']),
};

const declarations = Object.entries(binaries).map(
  ([name, binary]) => `export const ${name} =\n  '${textFromBytes(binary)}';\n`,
);
writeFileSync(
  join(here, '../../backend/simd-binaries.ts'),
  `/** The SIMD kernels as WebAssembly, made by src/kernels/simd/build.js: do not edit. See byte-text.ts. */\n${declarations.join('')}`,
);
