// The dynamic texture: a small network that runs beside the page, in a worker, through onnxruntime-web.
import * as THREE from "three";
import { type Bundle, type Manifest, request, unpacked } from "./bundle.js";
import { AvatarError } from "./errors.js";
import type { Pose } from "./pose.js";
import type { SkinUniforms } from "./skin_material.js";
import type { FromWorker, ToWorker } from "./texture_worker.js";

const WORKER = new URL("./texture_worker.js", import.meta.url);
const WEBASSEMBLY = new URL("./onnxruntime.wasm.gz", import.meta.url);

export class DynamicTextureRunner {
  /** called when there is a new texture to see */
  onTexture: () => void = () => {};
  onTrouble: (error: AvatarError) => void = () => {};
  private texture: THREE.DataTexture | null = null;
  private busy = false;
  private readonly parameters: Float32Array;
  private shown = "";

  private constructor(
    private readonly worker: Worker,
    private readonly entry: NonNullable<Manifest["dynamic_texture"]>,
    private readonly uniforms: SkinUniforms,
  ) {
    this.parameters = new Float32Array(entry.inputs.length);
    worker.addEventListener("message", (event: MessageEvent<FromWorker>) => this.receive(event.data));
  }

  /** Loads network, mask and runtime; throws AvatarError where the browser or the server lacks something. */
  static async load(bundle: Bundle, uniforms: SkinUniforms): Promise<DynamicTextureRunner> {
    const entry = bundle.manifest.dynamic_texture!;
    const [network, runtime, mask] = await Promise.all([
      bundle.bytes(entry.file),
      request(WEBASSEMBLY).then(async (response) => unpacked(new Uint8Array(await response.arrayBuffer()))),
      maskTexture(bundle.url(entry.mask)),
    ]);
    uniforms.mask.value = mask;
    const worker = startWorker();
    const runner = new DynamicTextureRunner(worker, entry, uniforms);
    const ready = new Promise<void>((resolve, reject) => {
      worker.addEventListener("message", (event: MessageEvent<FromWorker>) => {
        if (event.data.kind === "ready") resolve();
        if (event.data.kind === "failed") reject(cannotRun(event.data.reason));
      });
      const silent = "its worker is not allowed to start";
      worker.addEventListener("error", (event) => reject(cannotRun(event.message || silent)));
    });
    const start: ToWorker = { kind: "start", network: network.buffer, runtime };
    worker.postMessage(start, [network.buffer, runtime]);
    await ready;
    return runner;
  }

  /** True while the texture of the last pose is being computed. */
  get working(): boolean {
    return this.busy;
  }

  /** Asks for the texture of `pose` seen from `view` (unit vector in head space), unless one is on its way. */
  show(pose: Pose, view: THREE.Vector3): void {
    if (this.busy) return;
    const turns = new Map(pose.joints.map((joint, j) => [joint, axisAngle(pose.turns[j]!)]));
    turns.set("view", view);
    this.entry.inputs.forEach((name, i) => {
      const dot = name.lastIndexOf("."), row = pose.names.indexOf(name);
      const turn = dot < 0 ? undefined : turns.get(name.slice(0, dot));
      if (row >= 0) this.parameters[i] = pose.weights[row]!;
      else this.parameters[i] = turn ? turn.getComponent("xyz".indexOf(name.slice(dot + 1))) : 0;
    });
    const key = this.parameters.map((value) => Math.round(value * 512)).join();
    if (key === this.shown) return;
    this.shown = key;
    this.busy = true;
    const run: ToWorker = { kind: "run", parameters: this.parameters.slice() };
    this.worker.postMessage(run);
  }

  dispose(): void {
    this.worker.terminate();
    this.texture?.dispose();
    this.uniforms.mask.value?.dispose();
  }

  private receive(message: FromWorker): void {
    this.busy = false;
    if (message.kind === "failed") this.onTrouble(cannotRun(message.reason));
    if (message.kind !== "texture") return;
    if (!this.texture) {
      this.texture = new THREE.DataTexture(message.pixels, message.width, message.height);
      this.texture.magFilter = this.texture.minFilter = THREE.LinearFilter;
      this.uniforms.dynamic.value = this.texture;
      this.uniforms.share.value = 1;
    }
    this.texture.image.data = message.pixels;
    this.texture.needsUpdate = true;
    this.onTexture();
  }
}

function cannotRun(reason: string): AvatarError {
  return new AvatarError(`The dynamic texture cannot run in this browser (${reason}); the still one is shown.`);
}

/** A module worker, also where the program comes from another host than the page. */
function startWorker(): Worker {
  const source = `import ${JSON.stringify(WORKER.href)};`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return new Worker(url, { type: "module" });
}

async function maskTexture(url: URL): Promise<THREE.Texture> {
  const blob = await (await request(url)).blob();
  const image = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const texture = new THREE.Texture(image);
  texture.flipY = false;
  texture.needsUpdate = true;
  return texture;
}

/** The rotation as its axis times its angle in radians. */
function axisAngle(turn: THREE.Quaternion): THREE.Vector3 {
  const sign = turn.w < 0 ? -1 : 1;
  const axis = new THREE.Vector3(turn.x, turn.y, turn.z).multiplyScalar(sign);
  const sine = axis.length();
  return sine < 1e-9 ? axis.multiplyScalar(2) : axis.multiplyScalar((2 * Math.atan2(sine, sign * turn.w)) / sine);
}
