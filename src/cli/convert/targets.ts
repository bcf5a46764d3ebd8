/** What `longhand convert --to` may say, by itself so that the list of commands loads quickly. */
export const targets = ['longhand', 'onnx', 'torch', 'safetensors', 'tfjs', 'keras'] as const;

export type Target = (typeof targets)[number];
