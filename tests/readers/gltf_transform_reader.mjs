// What gltf-transform reads from a GLB: the arrays as they are stored, decoded; skinning is left to the caller, who
// gets each mesh's joints, weights, and the matrices that carry its stored positions into the scene.
// usage: node gltf_transform_reader.mjs FILE.glb REQUEST.json OUT.json (see request.mjs)
import { NodeIO, VERSION } from "@gltf-transform/core";
import { ALL_EXTENSIONS } from "@gltf-transform/extensions";
import { MeshoptDecoder } from "meshoptimizer";
import { base64 } from "./base64.mjs";
import { answer } from "./request.mjs";

const named = (nodes, value) => Object.fromEntries(nodes.map((node) => [node.getName(), value(node)]));

function elements(accessor) {
  return Array.from({ length: accessor?.getCount() ?? 0 }, (_, i) => accessor.getElement(i, [])).flat();
}

/** Column-major matrices, one for each joint of the node's skin. */
function matrices(node) {
  const inverse = node.getSkin().getInverseBindMatrices();
  return node.getSkin().listJoints().flatMap((joint, i) => multiply(joint.getWorldMatrix(), inverse.getElement(i, [])));
}

function multiply(a, b) {
  const entry = (_, at) => [0, 1, 2, 3].reduce((sum, k) => sum + a[k * 4 + (at % 4)] * b[at - (at % 4) + k], 0);
  return Array.from({ length: 16 }, entry);
}

function meshRecord(node) {
  const [primitive] = node.getMesh().listPrimitives();
  const stored = (semantic) => base64(elements(primitive.getAttribute(semantic)));
  const moved = (semantic) => base64(primitive.listTargets().flatMap((t) => elements(t.getAttribute(semantic))));
  return {
    name: node.getName(),
    targets: node.getMesh().getExtras().targetNames,
    positions: stored("POSITION"),
    displacements: moved("POSITION"),
    normals: stored("NORMAL"),
    normalDisplacements: moved("NORMAL"),
    skin: { joints: stored("JOINTS_0"), weights: stored("WEIGHTS_0"), matrices: base64(matrices(node)) },
  };
}

/** The vertices of each part of an unskinned mesh. */
function inScene(node) {
  const matrix = node.getWorldMatrix();
  const moved = (p) => [0, 1, 2].map((a) => matrix[a] * p[0] + matrix[4 + a] * p[1] + matrix[8 + a] * p[2] + matrix[12 + a]);
  const points = (accessor) => Array.from({ length: accessor.getCount() }, (_, i) => moved(accessor.getElement(i, [])));
  return node.getMesh().listPrimitives().map((part) => base64(points(part.getAttribute("POSITION")).flat()));
}

/** The channel's value, linear between its keys. */
function sample(sampler, time) {
  const keys = elements(sampler.getInput());
  const values = elements(sampler.getOutput());
  const width = values.length / keys.length;
  const after = Math.max(1, keys.findIndex((key) => key >= time));
  const part = keys.length > 1 ? (time - keys[after - 1]) / (keys[after] - keys[after - 1]) : 0;
  const at = (row) => values.slice(row * width, (row + 1) * width);
  const [from, to] = [at(after - 1), at(Math.min(after, keys.length - 1))];
  return from.map((value, i) => value + part * (to[i] - value));
}

function apply(channel, time) {
  const value = sample(channel.getSampler(), time);
  const node = channel.getTargetNode();
  if (channel.getTargetPath() === "weights") node.setWeights(value);
  if (channel.getTargetPath() === "rotation") node.setRotation(value);
  if (channel.getTargetPath() === "translation") node.setTranslation(value);
}

function animationRecord(animation, skinned, joints, times) {
  const inputs = animation.listSamplers().map((sampler) => sampler.getInput().getMax([])[0]);
  const frames = times.map((time) => {
    for (const channel of animation.listChannels()) apply(channel, time);
    return {
      weights: named(skinned, (node) => node.getWeights()),
      joints: named(joints, (node) => node.getWorldMatrix()),
      matrices: named(skinned, matrices),
    };
  });
  const collect = (kind, nodes) => named(nodes, (node) => base64(frames.flatMap((frame) => frame[kind][node.getName()])));
  return {
    name: animation.getName(),
    seconds: Math.max(...inputs),
    weights: collect("weights", skinned),
    joints: collect("joints", joints),
    matrices: collect("matrices", skinned),
  };
}

await answer(async (file, { times }) => {
  await MeshoptDecoder.ready;
  const dependencies = { "meshopt.decoder": MeshoptDecoder };
  const io = new NodeIO().registerExtensions(ALL_EXTENSIONS).registerDependencies(dependencies);
  const root = (await io.read(file)).getRoot();
  const skinned = root.listNodes().filter((node) => node.getSkin());
  const rigid = root.listNodes().filter((node) => node.getMesh() && !node.getSkin());
  const joints = root.listNodes().filter((node) => !node.getMesh());
  return {
    program: `gltf-transform ${VERSION}`,
    meshes: skinned.map(meshRecord),
    rigid: rigid.flatMap(inScene),
    joints: named(joints, (joint) => joint.getWorldTranslation()),
    textures: root.listTextures().map((texture) => texture.getSize()),
    animations: root.listAnimations().map((animation) => animationRecord(animation, skinned, joints, times)),
  };
});
