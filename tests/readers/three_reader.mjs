// three.js' GLTFLoader in node.
// usage: node three_reader.mjs FILE.glb REQUEST.json OUT.json (see request.mjs)
import { readFileSync } from "node:fs";
import { answer } from "./request.mjs";

// textures are decoded by browsers; their pixels and sizes are not reported from here
globalThis.self = globalThis;
globalThis.createImageBitmap = async () => ({ width: 1, height: 1, close() {} });
const { GLTFLoader } = await import("three/addons/loaders/GLTFLoader.js");
const { MeshoptDecoder } = await import("three/addons/libs/meshopt_decoder.module.js");
const { record } = await import("./three_record.mjs");

await answer(async (file, request) => {
  const data = readFileSync(file);
  const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);
  const gltf = await loader.parseAsync(data.buffer.slice(data.byteOffset, data.byteOffset + data.length), "");
  const { textures, ...seen } = record(gltf, request);
  return seen;
});
