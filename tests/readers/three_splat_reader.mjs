// What three.js makes of a splat file: centres, covariances (upper triangle, row by row) and 8-bit colours.
// usage: node three_splat_reader.mjs FILE.spz|FILE.glb
import { readFileSync } from "node:fs";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { GLTFGaussianSplatLoaderExtension } from "three/addons/loaders/GLTFGaussianSplatLoaderExtension.js";
import { SPZLoader } from "three/addons/loaders/SPZLoader.js";
import { base64 } from "./base64.mjs";

globalThis.self ??= globalThis;
const [file] = process.argv.slice(2);
const data = readFileSync(file);
const buffer = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);

async function geometryOfGlb() {
  const loader = new GLTFLoader().register((parser) => new GLTFGaussianSplatLoaderExtension(parser));
  const { scene } = await loader.parseAsync(buffer, "");
  const found = [];
  scene.traverse((node) => node.splatGeometry && found.push(node));
  return [found.length, found[0].splatGeometry, found[0].userData];
}

const [objects, geometry, userData] = file.endsWith(".glb") ? await geometryOfGlb() : [1, await new SPZLoader().parse(buffer), {}];
const { position, covariance, color } = geometry.attributes;
console.log(
  JSON.stringify({
    objects,
    splats: position.count,
    positions: base64(position.array),
    covariances: base64(covariance.array),
    colors: base64(Array.from(color.array)),
    userData,
  }),
);
