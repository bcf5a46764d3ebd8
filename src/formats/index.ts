/** Files of other systems: bytes in, bytes out, nothing of Node, so that it runs in browsers too. */
export type { Dtype } from '../core/dtypes.js';
export type { SafetensorsFile, StoredTensor } from '../core/safetensors.js';
export type { H5wasm } from './keras/hdf5.js';
export { fromKeras, type KerasOptions, toKerasJson } from './keras/keras-file.js';
export { type FloatDtype, type NamedTensors, toStored, toTensor } from './numbers.js';
export { fromOnnx } from './onnx/from-onnx.js';
export { type OnnxOptions, toOnnx } from './onnx/to-onnx.js';
export { readSafetensors, type WriteSafetensorsOptions, writeSafetensors } from './safetensors.js';
export { fromTfjs, type TfjsFiles, toTfjs } from './tfjs/layers-model.js';
export { type FromShapesOptions, modelFromStateDict } from './torch/from-shapes.js';
export type { ModuleNames } from './torch/matching.js';
export type { StateDict } from './torch/modules.js';
export {
  type FromTorchOptions,
  fromTorchStateDict,
  type ToTorchOptions,
  toTorchStateDict,
} from './torch/state-dict.js';
export { type ReadTorchOptions, readTorchFile } from './torch/torch-reader.js';
export { type WriteTorchOptions, writeTorchFile } from './torch/torch-writer.js';
