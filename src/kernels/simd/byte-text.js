/**
 * Bytes as text: see src/backend/byte-text.ts, which reads it.
 *
 * @param {ArrayLike<number>} bytes
 */
export function textFromBytes(bytes) {
  return Array.from(bytes, characters).join('');
}

function characters(byte) {
  const shifted = (byte + 3) % 256;
  const code = 41 + (shifted % 86);
  const digit = String.fromCharCode(code === 92 ? 38 : code === 96 ? 40 : code);
  return ['', '!', '#'][Math.floor(shifted / 86)] + digit;
}
