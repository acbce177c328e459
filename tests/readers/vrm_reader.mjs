// What @pixiv/three-vrm makes of a VRM: bones, meta, annotations, gaze, and every vertex under each expression alone.
// usage: node vrm_reader.mjs FILE.vrm [YAW,PITCH...]  (degrees to look to)
import { readFileSync } from "node:fs";
import { base64 } from "./base64.mjs";

// textures are decoded by browsers
globalThis.self = globalThis;
globalThis.createImageBitmap = async () => ({ width: 1, height: 1, close() {} });
const { Vector3 } = await import("three");
const { GLTFLoader } = await import("three/addons/loaders/GLTFLoader.js");
const { VRMLoaderPlugin, VRMRequiredHumanBoneName } = await import("@pixiv/three-vrm");

const [file, ...gazes] = process.argv.slice(2);
const data = readFileSync(file);
const loader = new GLTFLoader().register((parser) => new VRMLoaderPlugin(parser));
const { userData, scene } = await loader.parseAsync(data.buffer.slice(data.byteOffset, data.byteOffset + data.length), "");
const { vrm } = userData;
vrm.humanoid.autoUpdateHumanBones = false;

const meshes = [];
scene.traverse((node) => node.isSkinnedMesh && meshes.push(node));

function positions(mesh) {
  const all = [];
  const point = new Vector3();
  for (let i = 0; i < mesh.geometry.attributes.position.count; i++) {
    mesh.getVertexPosition(i, point).applyMatrix4(mesh.matrixWorld);
    all.push(point.x, point.y, point.z);
  }
  return all;
}

function snapshot() {
  scene.updateMatrixWorld(true);
  return Object.fromEntries(meshes.map((mesh) => [mesh.name, positions(mesh)]));
}

function encoded(vertices) {
  return Object.fromEntries(Object.entries(vertices).map(([name, numbers]) => [name, base64(numbers)]));
}

const rest = snapshot();
const { expressionManager: manager, humanoid, lookAt } = vrm;
const expressions = {};
for (const { expressionName } of manager.expressions) {
  manager.setValue(expressionName, 1);
  manager.update();
  const moved = snapshot();
  for (const name in moved) moved[name] = moved[name].map((value, i) => value - rest[name][i]);
  expressions[expressionName] = encoded(moved);
  manager.setValue(expressionName, 0);
}
manager.update();

const bones = {};
for (const [name, { node }] of Object.entries(humanoid.rawHumanBones)) {
  bones[name] = { place: node.getWorldPosition(new Vector3()).toArray(), node: node.name };
}
const looks = gazes.map((gaze) => {
  const [yaw, pitch] = gaze.split(",").map(Number);
  lookAt.applier.applyYawPitch(yaw, pitch);
  humanoid.update();
  const eyes = ["leftEye", "rightEye"].map((eye) => humanoid.getNormalizedBoneNode(eye)?.quaternion.toArray());
  const presets = ["lookLeft", "lookRight", "lookDown", "lookUp"].map((name) => [name, manager.getValue(name)]);
  return { yaw, pitch, eyes, presets: Object.fromEntries(presets) };
});

const seen = {
  meta: vrm.meta,
  required: Object.values(VRMRequiredHumanBoneName),
  bones,
  rest: encoded(rest),
  expressions,
  presets: Object.keys(manager.presetExpressionMap),
  custom: Object.keys(manager.customExpressionMap),
  firstPerson: vrm.firstPerson.meshAnnotations.map(({ meshes: found, type }) => [found.map(({ name }) => name), type]),
  lookAt: { offset: lookAt.offsetFromHeadBone.toArray(), looks },
};
console.log(JSON.stringify(seen));
