// Runs the network of a dynamic texture; the page goes on meanwhile.
import { InferenceSession, Tensor, env } from "onnxruntime-web/wasm";

export type ToWorker =
  | { kind: "start"; network: ArrayBuffer; runtime: ArrayBuffer }
  | { kind: "run"; parameters: Float32Array };
export type FromWorker =
  | { kind: "ready" }
  | { kind: "failed"; reason: string }
  | { kind: "texture"; width: number; height: number; pixels: Uint8Array<ArrayBuffer> };

let session: InferenceSession;
const post = self.postMessage as (message: FromWorker, transfer?: Transferable[]) => void;

async function start(network: ArrayBuffer, runtime: ArrayBuffer): Promise<void> {
  env.wasm.wasmBinary = runtime;
  // threads need headers that few servers send
  env.wasm.numThreads = 1;
  session = await InferenceSession.create(network, { executionProviders: ["wasm"] });
  post({ kind: "ready" });
}

async function run(parameters: Float32Array): Promise<void> {
  const { texture } = await session.run({ parameters: new Tensor("float32", parameters, [1, parameters.length]) });
  const [, , height, width] = texture!.dims as [number, number, number, number];
  const planes = texture!.data as Float32Array, size = width * height;
  const pixels = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i++) {
    pixels[4 * i] = 255 * planes[i]!;
    pixels[4 * i + 1] = 255 * planes[size + i]!;
    pixels[4 * i + 2] = 255 * planes[2 * size + i]!;
    pixels[4 * i + 3] = 255;
  }
  post({ kind: "texture", width, height, pixels: new Uint8Array(pixels.buffer) }, [pixels.buffer]);
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  const done = data.kind === "start" ? start(data.network, data.runtime) : run(data.parameters);
  done.catch((error: unknown) => post({ kind: "failed", reason: String(error) }));
});
