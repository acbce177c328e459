// The exported folder: what `avatar.json` says, and the files beside it.
import { AvatarError } from "./errors.js";

export const FORMAT = "headsmith-web";
export const FORMAT_VERSION = 1;

export interface ArrayLayout {
  type: "uint8" | "uint16" | "uint32" | "int16" | "float32";
  offset: number;
  shape: number[];
}

export interface ArrayFile {
  file: string;
  arrays: Record<string, ArrayLayout>;
}

export interface MotionEntry extends ArrayFile {
  name: string;
  fps: number;
  frames: number;
  blendshapes: string[];
  joints: string[];
}

export interface Manifest {
  format: string;
  format_version: number;
  name: string;
  head: { file: string; meshes: string[]; vertices: number };
  blendshapes: string[];
  /** of those that are not ARKit's, whose weights are 0..1 */
  ranges: Record<string, [number, number]>;
  joints: string[];
  presets: Record<string, Record<string, number>>;
  light_sh: number[][];
  view: { low_m: [number, number, number]; high_m: [number, number, number] };
  splats: { file: string; count: number; binding: ArrayFile } | null;
  dynamic_texture: { file: string; mask: string; inputs: string[] } | null;
  motions: MotionEntry[];
  poster: string | null;
  bytes: Record<string, number>;
}

export type Arrays = Record<string, Uint8Array | Uint16Array | Uint32Array | Int16Array | Float32Array>;

const ARRAY_TYPES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int16: Int16Array,
  float32: Float32Array,
};

/** An exported folder, fetched file by file. */
export class Bundle {
  private loaded = 0;
  private expected = 1;

  private constructor(
    readonly base: URL,
    readonly manifest: Manifest,
    private readonly report: (part: number) => void,
  ) {}

  /** Reads `avatar.json` in the folder `src`; throws AvatarError where there is none that this page can show. */
  static async open(src: string, report: (part: number) => void): Promise<Bundle> {
    const base = new URL(src.endsWith("/") ? src : `${src}/`, document.baseURI);
    const response = await request(new URL("avatar.json", base));
    let manifest: Manifest;
    try {
      manifest = (await response.json()) as Manifest;
    } catch {
      throw new AvatarError(`${base.href}avatar.json is not readable; export the avatar again.`);
    }
    if (manifest.format !== FORMAT) {
      throw new AvatarError(`${base.href} is no avatar exported with --format web.`);
    }
    if (manifest.format_version > FORMAT_VERSION) {
      throw new AvatarError(`${base.href} was exported by a newer Headsmith; use the lib folder of that export.`);
    }
    return new Bundle(base, manifest, report);
  }

  /** From now on the progress is that of `files` together. */
  expect(files: string[]): void {
    this.loaded = 0;
    this.expected = files.reduce((sum, file) => sum + (this.manifest.bytes[file] ?? 0), 0) || 1;
  }

  url(file: string): URL {
    return new URL(file, this.base);
  }

  async bytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
    const response = await request(this.url(file));
    if (!response.body) return new Uint8Array(await response.arrayBuffer());
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body.getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      chunks.push(step.value as Uint8Array<ArrayBuffer>);
      this.loaded += step.value.length;
      this.report(Math.min(1, this.loaded / this.expected));
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  }

  async arrays({ file, arrays }: ArrayFile): Promise<Arrays> {
    const data = await unpacked(await this.bytes(file));
    const out: Arrays = {};
    for (const [name, { type, offset, shape }] of Object.entries(arrays)) {
      const length = shape.reduce((product, side) => product * side, 1);
      out[name] = new ARRAY_TYPES[type](data, offset, length);
    }
    return out;
  }
}

/** Fetches `url`; throws AvatarError where it is not there. */
export async function request(url: URL): Promise<Response> {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) {
    throw new AvatarError(`${url.href} cannot be loaded; serve the whole exported folder.`);
  }
  return response;
}

/** The content of a gzipped file; a server that unpacks such files itself does no harm. */
export async function unpacked(data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  if (data[0] !== 0x1f || data[1] !== 0x8b) return data.slice().buffer;
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
