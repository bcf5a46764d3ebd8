/** Messages between the bench and the processes that it measures: a line of JSON each, arrays as base64. */

/** One message as a line. */
export function encodeMessage(message: unknown): string {
  const line = JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Float32Array ? { float32: toBase64(value) } : value,
  );
  return `${line}\n`;
}

export function decodeMessage(line: string): unknown {
  return JSON.parse(line, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('float32' in value)) return value;
    return fromBase64(String(value.float32));
  });
}

function toBase64({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function fromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}
