/**
 * The generator behind everything random: weights, shuffling, dropout. It is sfc32 (Chris Doty-Humphrey's
 * "Small Fast Counting" generator of PractRand): 128 bits of state, four additions, a few shifts, and the same
 * numbers on every machine, since only integer arithmetic on 32 bits is used.
 */
import { log } from './math.js';

/** Four 32-bit words: all there is to know of a generator, so that a saved run can go on. */
export type RandomState = readonly [number, number, number, number];

/** Whether it is the state of a generator, whatever a file says it is. */
export function isRandomState(value: unknown): value is RandomState {
  const isWord = (word: unknown) => typeof word === 'number' && word === (word | 0);
  return Array.isArray(value) && value.length === 4 && value.every(isWord);
}

export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  /**
   * @param seed  any whole number; two seeds give unrelated sequences
   * @param stream  which of several independent sequences of the same seed
   */
  constructor(seed: number, stream = 0) {
    this.a = seed | 0;
    this.b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.c = stream | 0;
    for (let i = 0; i < 16; i++) this.next();
  }

  /** A whole number of 32 bits, 0 to 4294967295. */
  next(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform on [0, 1), with 53 random bits. */
  uniform(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** A whole number from 0 to `bound - 1`, each as likely as the other. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Normal with mean 0 and variance 1, by Marsaglia's polar method. */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * log(s)) / s);
    }
  }

  /** Puts the elements in random order, in place (Fisher and Yates). */
  shuffle(items: { [index: number]: number; readonly length: number }): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swapped = items[i] as number;
      items[i] = items[j] as number;
      items[j] = swapped;
    }
  }

  /** The state, to be given to `restore` later. */
  state(): RandomState {
    return [this.a, this.b, this.c, this.counter];
  }

  restore(state: RandomState): void {
    [this.a, this.b, this.c, this.counter] = state;
  }
}

/** A seed that nobody has chosen. */
export function drawSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000);
}
