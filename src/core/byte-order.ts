/** Files have the bytes of a number in an order of their own, machines in theirs: nearly all have the last one first. */

export function isLittleEndian(): boolean {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
}

/** Turns the bytes of each number around, in place. */
export function reverseNumbers(bytes: Uint8Array, bytesOfOne: number): void {
  for (let i = 0; i < bytes.length; i += bytesOfOne) bytes.subarray(i, i + bytesOfOne).reverse();
}

/** Turns numbers from the order of this machine into little-endian, or back. */
export function swapToLittleEndian(bytes: Uint8Array, bytesOfOne: number): void {
  if (!isLittleEndian()) reverseNumbers(bytes, bytesOfOne);
}
