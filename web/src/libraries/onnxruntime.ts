// What the worker of the dynamic texture uses of onnxruntime-web.
export { InferenceSession, Tensor, env } from "onnxruntime-web/wasm";
