// What three.js makes of a loaded glTF: every mesh at rest and under each morph target alone, the joints, and the
// animations at the times asked for (see request.mjs). Runs in node and in browsers.
import { AnimationMixer, LoopOnce, Quaternion, REVISION, Vector3 } from "three";
import { base64 } from "./base64.mjs";

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

function values(attribute) {
  const out = [];
  for (let i = 0; i < attribute.count; i++) out.push(attribute.getX(i), attribute.getY(i), attribute.getZ(i));
  return out;
}

function meshRecord(mesh) {
  const rest = positions(mesh);
  const { morphTargetDictionary: rowOf, material, geometry } = mesh;
  return {
    name: mesh.name,
    targets: Object.keys(rowOf).sort((a, b) => rowOf[a] - rowOf[b]),
    positions: base64(rest),
    displacements: base64(displacements(mesh, rest)),
    normals: base64(values(geometry.attributes.normal)),
    normalDisplacements: base64((geometry.morphAttributes.normal ?? []).flatMap(values)),
    hasTexture: material.map !== null,
    roughness: material.roughness,
    metallic: material.metalness,
  };
}

function animationRecord(clip, scene, meshes, places, times) {
  const mixer = new AnimationMixer(scene);
  const action = mixer.clipAction(clip);
  action.setLoop(LoopOnce).clampWhenFinished = true;
  const weights = meshes.map(() => []);
  const vertices = meshes.map(() => []);
  const joints = places.map(() => []);
  for (const time of times) {
    action.reset().play();
    mixer.setTime(time);
    scene.updateMatrixWorld(true);
    places.forEach((node, i) => joints[i].push(...node.matrixWorld.elements));
    meshes.forEach((mesh, i) => {
      weights[i].push(...mesh.morphTargetInfluences);
      for (const value of positions(mesh)) vertices[i].push(value);
    });
  }
  mixer.stopAllAction();
  scene.updateMatrixWorld(true);
  const named = (nodes, lists) => Object.fromEntries(nodes.map((node, i) => [node.name, base64(lists[i])]));
  return {
    name: clip.name,
    seconds: clip.duration,
    weights: named(meshes, weights),
    vertices: named(meshes, vertices),
    joints: named(places, joints),
  };
}

export function record({ scene, animations }, { times, turn }) {
  scene.updateMatrixWorld(true);
  const meshes = [];
  const rigid = [];
  const places = [];
  scene.traverse((node) => {
    if (node.isSkinnedMesh) meshes.push(node);
    else if (node.isMesh) rigid.push(node);
    else if (node.name) places.push(node);
  });
  const images = new Set(meshes.flatMap(({ material }) => (material.map ? [material.map.image] : [])));
  const seen = {
    program: `three.js r${REVISION}`,
    meshes: meshes.map(meshRecord),
    rigid: rigid.map((mesh) => base64(positions(mesh))),
    joints: Object.fromEntries(places.map((node) => [node.name, node.matrixWorld.elements.slice(12, 15)])),
    textures: [...images].map((image) => [image.width, image.height]),
    animations: animations.map((clip) => animationRecord(clip, scene, meshes, places, times)),
  };
  if (turn) {
    scene.getObjectByName(turn.joint).quaternion.multiply(new Quaternion(...turn.quaternion));
    scene.updateMatrixWorld(true);
    seen.meshes.forEach((mesh, i) => (mesh.posed = base64(positions(meshes[i]))));
  }
  return seen;
}
