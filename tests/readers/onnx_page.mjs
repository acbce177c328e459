// The code of docs/engines/onnxruntime-web.md and baked-textures.md, run in node on exported files.
// usage: node onnx_page.mjs FOLDER-OF-CODE FOLDER-OF-FILES REQUEST.json
// The request: `contract`, a file name, and `poses`, each what DynamicTexture.parameters() takes.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as ort from "onnxruntime-web";
import { base64 } from "./base64.mjs";

const [code, files, request] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(resolve(code), name)).href);
const { DynamicTexture } = await load("dynamic-texture.js");
const { bakedWeights } = await load("baked-weights.js");
const { contract, poses } = JSON.parse(await readFile(request, "utf8"));

const server = createServer(async (asked, response) => response.end(await readFile(join(files, basename(asked.url)))));
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
ort.env.wasm.numThreads = 1;
const dynamic = await DynamicTexture.load(ort, `http://127.0.0.1:${server.address().port}/${contract}`);
server.close();

const { basis } = dynamic.description;
const answers = [];
for (const pose of poses) {
  const parameters = dynamic.parameters(pose);
  answers.push({
    parameters: base64(parameters),
    planes: base64(await dynamic.run(parameters)),
    pixels: base64(await dynamic.pixels(parameters)),
    weights: basis ? base64(bakedWeights(basis.weights, Array.from(parameters))) : null,
  });
}
console.log(JSON.stringify({ size: [dynamic.width, dynamic.height], largestError: await dynamic.check(), answers }));
