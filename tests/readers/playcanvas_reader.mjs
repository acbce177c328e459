// What PlayCanvas makes of a GLB, drawing nothing; skinning is left to the caller, who gets each mesh's joints, weights
// and matrices. Textures are decoded by browsers; they are not reported from here.
// usage: node playcanvas_reader.mjs FILE.glb REQUEST.json OUT.json (see request.mjs)
import { readFileSync } from "node:fs";
import * as pc from "playcanvas";
import { base64 } from "./base64.mjs";
import { answer } from "./request.mjs";

const NOWHERE = {
  width: 1,
  height: 1,
  style: {},
  addEventListener() {},
  removeEventListener() {},
  getBoundingClientRect: () => ({ left: 0, top: 0, width: 1, height: 1 }),
};

function application() {
  const options = new pc.AppOptions();
  options.graphicsDevice = new pc.NullGraphicsDevice(NOWHERE);
  options.componentSystems = [pc.RenderComponentSystem, pc.AnimComponentSystem];
  options.resourceHandlers = [pc.ContainerHandler, pc.TextureHandler, pc.RenderHandler, pc.AnimClipHandler, pc.MaterialHandler];
  const app = new pc.AppBase(NOWHERE);
  app.init(options);
  return app;
}

async function load(app, file) {
  const data = readFileSync(file);
  const contents = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
  const picture = new pc.Asset("picture", "texture");
  picture.resource = new pc.Texture(app.graphicsDevice, { width: 4, height: 4 });
  picture.loaded = true;
  const options = { morphPreserveData: true, image: { processAsync: (_, done) => done(null, picture) } };
  const asset = new pc.Asset("face", "container", { url: "face.glb", filename: "face.glb", contents }, null, options);
  app.assets.add(asset);
  await new Promise((resolve, reject) => {
    asset.on("load", resolve);
    asset.on("error", (error) => reject(new Error(error)));
    app.assets.load(asset);
  });
  return asset.resource;
}

function stream(mesh, semantic) {
  const out = [];
  mesh.getVertexStream(semantic, out);
  return out;
}

const targetsOf = ({ morphInstance }) => morphInstance.morph.targets;

/** Column-major matrices, one for each joint of the skin. */
function matrices({ skinInstance: { bones, skin } }) {
  return bones.flatMap((bone, i) => [...new pc.Mat4().mul2(bone.getWorldTransform(), skin.inverseBindPose[i]).data]);
}

function meshRecord(instance) {
  const moved = (kind) => targetsOf(instance).flatMap((target) => Array.from(target.options[kind]));
  return {
    name: instance.node.name,
    targets: targetsOf(instance).map((target) => target.name),
    positions: base64(stream(instance.mesh, pc.SEMANTIC_POSITION)),
    displacements: base64(moved("deltaPositions")),
    normals: base64(stream(instance.mesh, pc.SEMANTIC_NORMAL)),
    normalDisplacements: base64(moved("deltaNormals")),
    skin: {
      joints: base64(stream(instance.mesh, pc.SEMANTIC_BLENDINDICES)),
      weights: base64(stream(instance.mesh, pc.SEMANTIC_BLENDWEIGHT)),
      matrices: base64(matrices(instance)),
    },
  };
}

function inScene({ mesh, node }) {
  const stored = stream(mesh, pc.SEMANTIC_POSITION);
  const points = Array.from({ length: stored.length / 3 }, (_, i) => new pc.Vec3(stored.slice(i * 3, i * 3 + 3)));
  return base64(points.flatMap((point) => node.getWorldTransform().transformPoint(point).toArray()));
}

function animationRecord(track, entity, skinned, places, times) {
  entity.removeComponent("anim");
  entity.addComponent("anim", { activate: true });
  entity.anim.assignAnimation("played", track, undefined, 1, false);
  entity.anim.baseLayer.play("played");
  const seen = { weights: {}, joints: {}, matrices: {} };
  const add = (kind, name, values) => (seen[kind][name] ??= []).push(...values);
  for (const time of times) {
    entity.anim.baseLayer.activeStateCurrentTime = time;
    entity.anim.update(0);
    for (const node of places) add("joints", node.name, node.getWorldTransform().data);
    for (const instance of skinned) {
      add("weights", instance.node.name, targetsOf(instance).map((_, k) => instance.morphInstance.getWeight(k)));
      add("matrices", instance.node.name, matrices(instance));
    }
  }
  const packed = (lists) => Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, base64(list)]));
  const kinds = Object.fromEntries(Object.entries(seen).map(([kind, lists]) => [kind, packed(lists)]));
  return { name: track.name, seconds: track.duration, ...kinds };
}

await answer(async (file, { times }) => {
  const app = application();
  const container = await load(app, file);
  const entity = container.instantiateRenderEntity();
  app.root.addChild(entity);
  const instances = entity.findComponents("render").flatMap((render) => render.meshInstances);
  const skinned = instances.filter((instance) => instance.skinInstance);
  const places = entity.find((node) => !node.render);
  return {
    program: `PlayCanvas ${pc.version}`,
    meshes: skinned.map(meshRecord),
    rigid: instances.filter((instance) => !instance.skinInstance).map(inScene),
    joints: Object.fromEntries(places.map((node) => [node.name, node.getPosition().toArray()])),
    animations: container.animations.map(({ resource }) => animationRecord(resource, entity, skinned, places, times)),
  };
});
// the application's timers would keep node waiting
process.exit(0);
