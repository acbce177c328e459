// What Babylon makes of a GLB: every mesh at rest and under each morph target alone, the joints, and the animations at
// the times asked for.
// usage: node babylon_reader.mjs FILE.glb REQUEST.json OUT.json (see request.mjs)
import { readFileSync } from "node:fs";
import { LoadAssetContainerAsync } from "@babylonjs/core/Loading/sceneLoader.js";
import { Logger } from "@babylonjs/core/Misc/logger.js";
import { MeshoptCompression } from "@babylonjs/core/Meshes/Compression/meshoptCompression.js";
import { NullEngine } from "@babylonjs/core/Engines/nullEngine.js";
import { Quaternion, Vector3 } from "@babylonjs/core/Maths/math.vector.js";
import { Scene } from "@babylonjs/core/scene.js";
import "@babylonjs/core/Animations/animatable.js";
import "@babylonjs/loaders/glTF/2.0/glTFLoader.js";
import "@babylonjs/loaders/glTF/2.0/Extensions/index.js";
import { MeshoptDecoder } from "meshoptimizer";
import { Engine } from "@babylonjs/core/Engines/engine.js";
import { base64 } from "./base64.mjs";
import { answer } from "./request.mjs";

// Babylon would fetch this decoder from the network and run it in a worker
const decoder = {
  async decodeGltfBufferAsync(source, count, stride, mode, filter) {
    await MeshoptDecoder.ready;
    const decoded = new Uint8Array(count * stride);
    MeshoptDecoder.decodeGltfBuffer(decoded, count, stride, source, mode, filter);
    return decoded;
  },
};
Object.defineProperty(MeshoptCompression, "Default", { get: () => decoder });
Logger.LogLevels = Logger.ErrorLogLevel;
const FRAMES_PER_SECOND = 60; // Babylon's unit of time in a glTF's animations
const targetsOf = ({ morphTargetManager: manager }) =>
  Array.from({ length: manager.numTargets }, (_, k) => manager.getTarget(k));
const positions = (mesh) => Float32Array.from(mesh.getPositionData(true, true));

function moveSkeleton(container) {
  for (const node of container.transformNodes) node.computeWorldMatrix(true);
  container.skeletons[0].prepare(true);
}

function inScene(mesh) {
  const local = positions(mesh);
  const matrix = mesh.computeWorldMatrix(true);
  const points = Array.from({ length: local.length / 3 }, (_, i) => Vector3.FromArray(local, i * 3));
  return points.flatMap((point) => Vector3.TransformCoordinates(point, matrix).asArray());
}

function displacements(mesh, rest) {
  const out = [];
  for (const target of targetsOf(mesh)) {
    target.influence = 1;
    const moved = positions(mesh);
    target.influence = 0;
    for (let i = 0; i < moved.length; i++) out.push(moved[i] - rest[i]);
  }
  return out;
}

function meshRecord(mesh) {
  const rest = positions(mesh);
  const targets = targetsOf(mesh);
  const normals = mesh.getVerticesData("normal");
  const moved = (target) => Array.from(target.getNormals() ?? [], (n, i) => n - normals[i]);
  const { albedoTexture, roughness, metallic } = mesh.material;
  return {
    name: mesh.name,
    targets: targets.map((target) => target.name),
    positions: base64(rest),
    displacements: base64(displacements(mesh, rest)),
    normals: base64(normals),
    normalDisplacements: base64(targets.flatMap(moved)),
    hasTexture: albedoTexture !== null,
    roughness,
    metallic,
  };
}

function animationRecord(group, container, times) {
  const skinned = container.meshes.filter((mesh) => mesh.skeleton);
  const places = container.transformNodes;
  const weights = skinned.map(() => []);
  const vertices = skinned.map(() => []);
  const joints = places.map(() => []);
  group.start(false);
  group.pause();
  for (const time of times) {
    group.goToFrame(time * FRAMES_PER_SECOND);
    moveSkeleton(container);
    places.forEach((node, i) => joints[i].push(...node.getWorldMatrix().asArray()));
    skinned.forEach((mesh, i) => {
      weights[i].push(...targetsOf(mesh).map((target) => target.influence));
      for (const value of positions(mesh)) vertices[i].push(value);
    });
  }
  group.stop();
  const named = (nodes, lists) => Object.fromEntries(nodes.map((node, i) => [node.name, base64(lists[i])]));
  return {
    name: group.name,
    seconds: (group.to - group.from) / FRAMES_PER_SECOND,
    weights: named(skinned, weights),
    vertices: named(skinned, vertices),
    joints: named(places, joints),
  };
}

await answer(async (file, { times, turn }) => {
  const scene = new Scene(new NullEngine());
  scene.useRightHandedSystem = true;
  const data = new Uint8Array(readFileSync(file));
  const container = await LoadAssetContainerAsync(data, scene, { pluginExtension: ".glb" });
  container.addAllToScene();
  moveSkeleton(container);
  const skinned = container.meshes.filter((mesh) => mesh.skeleton);
  const rigid = container.meshes.filter((mesh) => !mesh.skeleton && mesh.getTotalVertices());
  const nodes = container.transformNodes.map((node) => [node.name, node]);
  const seen = {
    program: `Babylon.js ${Engine.Version}`,
    meshes: skinned.map(meshRecord),
    rigid: rigid.map((mesh) => base64(inScene(mesh))),
    joints: Object.fromEntries(nodes.map(([name, node]) => [name, node.getAbsolutePosition().asArray()])),
    animations: container.animationGroups.map((group) => animationRecord(group, container, times)),
  };
  if (turn) {
    const joint = new Map(nodes).get(turn.joint);
    joint.rotationQuaternion = joint.rotationQuaternion.multiply(new Quaternion(...turn.quaternion));
    moveSkeleton(container);
    seen.meshes.forEach((mesh, i) => (mesh.posed = base64(positions(skinned[i]))));
  }
  scene.dispose();
  return seen;
});
