/** `npm run size`: how large programs are in a browser, and which files that comes from. */
import { bundleSize, formatSize, programs } from './bundle-size.js';

for (const program of programs) {
  const size = await bundleSize(program.text, process.cwd());
  console.log(`${formatSize(program, size)}\n`);
  if (size.compressed > program.budget) process.exitCode = 1;
}
