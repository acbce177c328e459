// Splats that follow the triangles of the head: Spark draws them, and moves them on the GPU by our modifier.
import * as THREE from "three";
import { SplatFileType, SplatMesh, dyno } from "@sparkjsdev/spark";
import type { Arrays } from "./bundle.js";
import { NUMBERS, TriangleFrames } from "./frames.js";

/** texels a row of a texture */
const ACROSS = 2048;
const TRIANGLES_A_ROW = (ACROSS * 4) / NUMBERS;

const FOLLOW = `
  vec3 headsmithTurn(vec4 q, vec3 v) {
    return v + 2.0 * cross(q.xyz, cross(q.xyz, v) + q.w * v);
  }
  void headsmithFollow(sampler2D frames, usampler2D binding, int index, inout vec3 center, inout vec3 scales,
      inout vec4 quaternion) {
    uvec2 place = texelFetch(binding, ivec2(index % ${ACROSS}, index / ${ACROSS}), 0).xy;
    int triangle = int(place.x);
    vec2 vw = vec2(float(place.y & 255u), float(place.y >> 8u)) / 255.0;
    ivec2 at = ivec2((triangle % ${TRIANGLES_A_ROW}) * 4, triangle / ${TRIANGLES_A_ROW});
    vec4 q = texelFetch(frames, at, 0);
    vec4 origin = texelFetch(frames, at + ivec2(1, 0), 0);
    vec3 along = texelFetch(frames, at + ivec2(2, 0), 0).xyz;
    vec3 aside = texelFetch(frames, at + ivec2(3, 0), 0).xyz;
    center = origin.w * headsmithTurn(q, center) + origin.xyz + vw.x * along + vw.y * aside;
    scales *= origin.w;
    quaternion = vec4(
      q.w * quaternion.xyz + quaternion.w * q.xyz + cross(q.xyz, quaternion.xyz),
      q.w * quaternion.w - dot(q.xyz, quaternion.xyz));
  }
`;

/** A `SplatMesh` whose splats go where `follow` puts the head's vertices. */
export class BoundSplats {
  readonly mesh: SplatMesh;
  private readonly frames: TriangleFrames;
  private readonly frameTexture: THREE.DataTexture;
  private readonly bindingTexture: THREE.DataTexture;

  /** `file` is the .spz, `binding` its arrays, `rest` the head's vertices [V, 3] at rest (metres). */
  constructor(file: Uint8Array, binding: Arrays, rest: Float32Array) {
    const triangles = binding.corners!.length / 3;
    const rows = Math.max(1, Math.ceil(triangles / TRIANGLES_A_ROW));
    this.frames = new TriangleFrames(binding.corners!, rest, rows * TRIANGLES_A_ROW);
    this.frameTexture = new THREE.DataTexture(this.frames.data, ACROSS, rows, THREE.RGBAFormat, THREE.FloatType);
    this.bindingTexture = bindingTexture(binding);
    this.mesh = new SplatMesh({
      fileBytes: file,
      fileType: SplatFileType.SPZ,
      lod: false,
      raycastable: false,
      editable: false,
      objectModifier: this.modifier(),
    });
    this.follow(rest);
  }

  /** Moves the splats with the head's vertices [V, 3]. */
  follow(vertices: Float32Array): void {
    this.frames.update(vertices);
    this.frameTexture.needsUpdate = true;
    this.mesh.updateVersion();
  }

  dispose(): void {
    this.mesh.dispose();
    this.frameTexture.dispose();
    this.bindingTexture.dispose();
  }

  private modifier() {
    const frames = dyno.dynoSampler2D(this.frameTexture, "headsmithFrames");
    const binding = dyno.dynoUsampler2D(this.bindingTexture, "headsmithBinding");
    return dyno.dynoBlock({ gsplat: dyno.Gsplat }, { gsplat: dyno.Gsplat }, ({ gsplat }) => {
      const follow = new dyno.Dyno({
        inTypes: { gsplat: dyno.Gsplat, frames: "sampler2D", binding: "usampler2D" },
        outTypes: { gsplat: dyno.Gsplat },
        inputs: { gsplat, frames, binding },
        globals: () => [FOLLOW],
        statements: ({ inputs, outputs }) => [
          `${outputs.gsplat} = ${inputs.gsplat};`,
          `headsmithFollow(${inputs.frames}, ${inputs.binding}, ${outputs.gsplat}.index, ${outputs.gsplat}.center,`,
          `  ${outputs.gsplat}.scales, ${outputs.gsplat}.quaternion);`,
        ],
      });
      return { gsplat: follow.outputs.gsplat };
    });
  }
}

/** For each splat its triangle and, in one number, its two barycentric coordinates. */
function bindingTexture(binding: Arrays): THREE.DataTexture {
  const triangle = binding.triangle!, barycentric = binding.barycentric!, count = triangle.length;
  const rows = Math.max(1, Math.ceil(count / ACROSS));
  const data = new Uint32Array(rows * ACROSS * 2);
  for (let i = 0; i < count; i++) {
    data[2 * i] = triangle[i]!;
    data[2 * i + 1] = barycentric[i]! | (barycentric[count + i]! << 8);
  }
  const texture = new THREE.DataTexture(data, ACROSS, rows, THREE.RGIntegerFormat, THREE.UnsignedIntType);
  texture.internalFormat = "RG32UI";
  texture.needsUpdate = true;
  return texture;
}
