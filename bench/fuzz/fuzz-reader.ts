/** What is fuzzed: a reader of files, sound files to begin with, and ways of its own to make hostile ones of them. */
import type { Random } from '../../src/core/random.js';

export interface FuzzReader {
  /** What `--only` takes. */
  readonly name: string;
  /** Sound files. They are read once, to see that they are, before anything is made of them. */
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Hostile files of the format's own kind, so that what lies behind checksums and headers is met, too. */
  readonly craft?: (random: Random, seeds: readonly Uint8Array[]) => Uint8Array;
  /** Pieces of text that are put into files beside those that are always. */
  readonly words?: readonly string[];
  /** Reads a file: what it gives is good, a FormatError is good, anything else is a failure. */
  readonly read: (bytes: Uint8Array) => unknown;
}
