// The mesh's material: its albedo in the light of the photo, and the dynamic texture over it where the mask says so.
import * as THREE from "three";

/** of the mean light: as dark as the coefficients may make a side that no photo showed */
const DARKEST = 0.35;

// basis: Ramamoorthi and Hanrahan 2001, "An Efficient Representation for Irradiance Environment Maps", equation 3
const LIGHT = `
  uniform vec3 headsmithLight[9];
  vec3 headsmithIrradiance(vec3 n) {
    vec3 mean = 0.282095 * headsmithLight[0];
    vec3 light = mean + 0.488603 * (n.y * headsmithLight[1] + n.z * headsmithLight[2] + n.x * headsmithLight[3])
      + 1.092548 * (n.x * n.y * headsmithLight[4] + n.y * n.z * headsmithLight[5] + n.x * n.z * headsmithLight[7])
      + 0.315392 * (3.0 * n.z * n.z - 1.0) * headsmithLight[6]
      + 0.546274 * (n.x * n.x - n.y * n.y) * headsmithLight[8];
    return max(light, ${DARKEST} * mean);
  }
  uniform sampler2D headsmithDynamic;
  uniform sampler2D headsmithMask;
  uniform float headsmithShare;
`;
// both textures meet in sRGB values, as the network was taught
const MEET = `
  #include <map_fragment>
  #ifdef USE_MAP
    vec3 shown = sRGBTransferOETF(vec4(diffuseColor.rgb, 1.0)).rgb;
    float share = headsmithShare * texture2D(headsmithMask, vMapUv).r;
    shown = mix(shown, texture2D(headsmithDynamic, vMapUv).rgb, share);
    diffuseColor.rgb = sRGBTransferEOTF(vec4(shown, 1.0)).rgb;
  #endif
`;
const LIT = `
  outgoingLight = diffuseColor.rgb * headsmithIrradiance(inverseTransformDirection(normal, viewMatrix));
  #include <opaque_fragment>
`;

export interface SkinUniforms {
  light: { value: THREE.Vector3[] };
  dynamic: { value: THREE.Texture | null };
  mask: { value: THREE.Texture | null };
  /** 1 where a dynamic texture is shown, else 0 */
  share: { value: number };
}

export function skinUniforms(light: number[][]): SkinUniforms {
  return {
    light: { value: light.map(([r, g, b]) => new THREE.Vector3(r, g, b)) },
    dynamic: { value: null },
    mask: { value: null },
    share: { value: 0 },
  };
}

/** Gives the head's mesh our material in place of its own, which needs lamps. */
export function dress(mesh: THREE.SkinnedMesh, uniforms: SkinUniforms): void {
  const { map, side } = mesh.material as THREE.MeshStandardMaterial;
  change(mesh, new THREE.MeshLambertMaterial({ map, side }), uniforms, true);
}

/** The same light for what the head wears. */
export function dressWorn(mesh: THREE.Mesh, uniforms: SkinUniforms): void {
  const own = mesh.material as THREE.MeshStandardMaterial;
  const { map, color, side, transparent, opacity, alphaTest, vertexColors } = own;
  const look = { map, color, side, transparent, opacity, alphaTest, vertexColors };
  change(mesh, new THREE.MeshLambertMaterial(look), uniforms, false);
  // glass stands before the splats
  if (transparent) mesh.renderOrder = 1;
}

function change(mesh: THREE.Mesh, material: THREE.MeshLambertMaterial, uniforms: SkinUniforms, skin: boolean): void {
  material.onBeforeCompile = (shader) => {
    shader.uniforms.headsmithLight = uniforms.light;
    shader.uniforms.headsmithDynamic = uniforms.dynamic;
    shader.uniforms.headsmithMask = uniforms.mask;
    shader.uniforms.headsmithShare = uniforms.share;
    shader.fragmentShader = shader.fragmentShader
      .replace("#include <common>", `#include <common>\n${LIGHT}`)
      .replace("#include <map_fragment>", skin ? MEET : "#include <map_fragment>")
      .replace("#include <opaque_fragment>", LIT);
  };
  material.customProgramCacheKey = () => `headsmith-${skin}`;
  (mesh.material as THREE.Material).dispose();
  mesh.material = material;
}
