// What three.js makes of a GLB: every mesh, at rest, under each morph target alone, and with one joint turned.
// usage: node three_reader.mjs FILE.glb JOINT qx qy qz qw
import { readFileSync } from "node:fs";
import { base64 } from "./base64.mjs";

// three.js decodes textures by the browser; their pixels do not matter here
globalThis.self = globalThis;
globalThis.createImageBitmap = async () => ({ width: 1, height: 1, close() {} });
const { Quaternion, Vector3 } = await import("three");
const { GLTFLoader } = await import("three/addons/loaders/GLTFLoader.js");

const [file, jointName, ...quaternion] = process.argv.slice(2);
const data = readFileSync(file);
const gltf = await new GLTFLoader().parseAsync(data.buffer.slice(data.byteOffset, data.byteOffset + data.length), "");
const { scene } = gltf;
scene.updateMatrixWorld(true);

function positions(mesh) {
  const out = [];
  const point = new Vector3();
  for (let i = 0; i < mesh.geometry.attributes.position.count; i++) {
    mesh.getVertexPosition(i, point).applyMatrix4(mesh.matrixWorld);
    out.push(point.x, point.y, point.z);
  }
  return out;
}

function displacements(mesh, rest) {
  const out = [];
  for (let k = 0; k < mesh.morphTargetInfluences.length; k++) {
    mesh.morphTargetInfluences[k] = 1;
    const moved = positions(mesh);
    mesh.morphTargetInfluences[k] = 0;
    for (let i = 0; i < moved.length; i++) out.push(moved[i] - rest[i]);
  }
  return out;
}

const meshes = [];
const joints = {};
scene.traverse((node) => {
  if (node.isBone) joints[node.name] = new Vector3().setFromMatrixPosition(node.matrixWorld).toArray();
  if (!node.isSkinnedMesh) return;
  const rest = positions(node);
  const { normal } = node.geometry.morphAttributes;
  meshes.push({
    name: node.name,
    targets: Object.keys(node.morphTargetDictionary).sort((a, b) => node.morphTargetDictionary[a] - node.morphTargetDictionary[b]),
    positions: base64(rest),
    normals: base64(node.geometry.attributes.normal.array),
    displacements: base64(displacements(node, rest)),
    normalDisplacements: base64(normal.flatMap((attribute) => Array.from(attribute.array))),
    hasTexture: node.material.map !== null,
    roughness: node.material.roughness,
    metallic: node.material.metalness,
  });
});

scene.getObjectByName(jointName).quaternion.multiply(new Quaternion(...quaternion.map(Number)));
scene.updateMatrixWorld(true);
for (const mesh of meshes) mesh.posed = base64(positions(scene.getObjectByName(mesh.name)));
console.log(JSON.stringify({ meshes, joints }));
