// What Babylon makes of a GLB: every mesh, at rest, under each morph target alone, and with one joint turned.
// usage: node babylon_reader.mjs FILE.glb JOINT qx qy qz qw
import { readFileSync } from "node:fs";
import { LoadAssetContainerAsync } from "@babylonjs/core/Loading/sceneLoader.js";
import { Logger } from "@babylonjs/core/Misc/logger.js";
import { NullEngine } from "@babylonjs/core/Engines/nullEngine.js";
import { Quaternion } from "@babylonjs/core/Maths/math.vector.js";
import { Scene } from "@babylonjs/core/scene.js";
import "@babylonjs/loaders/glTF/2.0/glTFLoader.js";
import { base64 } from "./base64.mjs";

Logger.LogLevels = Logger.ErrorLogLevel;
const [file, jointName, ...quaternion] = process.argv.slice(2);
const scene = new Scene(new NullEngine());
scene.useRightHandedSystem = true;
const container = await LoadAssetContainerAsync(new Uint8Array(readFileSync(file)), scene, { pluginExtension: ".glb" });
container.addAllToScene();

const skeleton = container.skeletons[0];
const positions = (mesh) => Float32Array.from(mesh.getPositionData(true, true));

function moveSkeleton() {
  for (const node of container.transformNodes) node.computeWorldMatrix(true);
  skeleton.prepare(true);
}

function displacements(mesh, rest) {
  const out = [];
  const { morphTargetManager } = mesh;
  for (let k = 0; k < morphTargetManager.numTargets; k++) {
    morphTargetManager.getTarget(k).influence = 1;
    const moved = positions(mesh);
    morphTargetManager.getTarget(k).influence = 0;
    for (let i = 0; i < moved.length; i++) out.push(moved[i] - rest[i]);
  }
  return out;
}

moveSkeleton();
const skinned = container.meshes.filter((mesh) => mesh.skeleton);
const meshes = skinned.map((mesh) => {
  const rest = positions(mesh);
  const targets = Array.from({ length: mesh.morphTargetManager.numTargets }, (_, k) => mesh.morphTargetManager.getTarget(k));
  const normals = mesh.getVerticesData("normal");
  return {
    name: mesh.name,
    targets: targets.map((target) => target.name),
    positions: base64(rest),
    normals: base64(normals),
    displacements: base64(displacements(mesh, rest)),
    normalDisplacements: base64(targets.flatMap((target) => Array.from(target.getNormals(), (n, i) => n - normals[i]))),
    hasTexture: mesh.material.albedoTexture !== null,
    roughness: mesh.material.roughness,
    metallic: mesh.material.metallic,
  };
});
const joints = Object.fromEntries(
  skeleton.bones.map((bone) => [bone.name, bone.getTransformNode().getAbsolutePosition().asArray()]),
);

const joint = skeleton.bones.find((bone) => bone.name === jointName).getTransformNode();
joint.rotationQuaternion = joint.rotationQuaternion.multiply(new Quaternion(...quaternion.map(Number)));
moveSkeleton();
skinned.forEach((mesh, i) => (meshes[i].posed = base64(positions(mesh))));
console.log(JSON.stringify({ meshes, joints }));
scene.dispose();
