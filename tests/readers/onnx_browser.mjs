// The page of docs/engines/onnxruntime-web.md in headless Chromium (CHROMIUM in the environment): the texture that its
// material shows, drawn on a square as large as the texture, and whatever the page says or asks for from elsewhere.
// usage: node onnx_browser.mjs FOLDER-OF-CODE FOLDER-OF-FILES NAME.glb SIZE
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileSync } from "node:fs";
import { serve, withBrowser } from "./chromium.mjs";

const [code, files, name, size] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
writeFileSync(`${code}/index.html`, `<!doctype html><link rel="icon" href="data:,">
<script type="importmap">{ "imports": {
  "three": "/packages/three/build/three.module.js",
  "three/addons/": "/packages/three/examples/jsm/",
  "onnxruntime-web": "/packages/onnxruntime-web/dist/ort.wasm.min.mjs"
} }</script>
<script type="module">
  import * as THREE from "three";
  import * as ort from "onnxruntime-web";
  import { loadHead } from "./page.js";
  ort.env.wasm.numThreads = 1;

  window.show = async (url, size) => {
    const { scene, update } = await loadHead(url);
    const head = scene.getObjectByName("head");
    head.morphTargetInfluences[head.morphTargetDictionary.jawOpen] = 0.5;
    const camera = new THREE.PerspectiveCamera();
    camera.position.set(0, 0, 2);
    await update(camera);
    // without light, and laid out as the texture is, so that colours can be compared
    const material = new THREE.MeshBasicMaterial({ map: head.material.map });
    material.onBeforeCompile = head.material.onBeforeCompile;
    material.map.minFilter = THREE.LinearFilter;
    const square = new THREE.PlaneGeometry(2, 2);
    const uv = square.attributes.uv;
    for (let i = 0; i < uv.count; i++) uv.setY(i, 1 - uv.getY(i));
    const view = new THREE.Scene().add(new THREE.Mesh(square, material));
    const renderer = new THREE.WebGLRenderer({ preserveDrawingBuffer: true });
    renderer.setSize(size, size, false);
    renderer.render(view, new THREE.OrthographicCamera(-1, 1, 1, -1, -1, 1));
    const gl = renderer.getContext();
    const pixels = new Uint8Array(4 * size * size);
    gl.readPixels(0, 0, size, size, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    return Array.from(pixels);
  };
</script>`);

const server = await serve({ page: code, packages: `${here}/node_modules`, file: files });
try {
  await withBrowser(process.env.CHROMIUM, async (browser) => {
    const page = await browser.newPage();
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("request", (sent) => /^(data|blob):/.test(sent.url()) || sent.url().startsWith(server.origin) || said.push(sent.url()));
    await page.goto(`${server.origin}/page/index.html`);
    await page.waitForFunction("window.show", { timeout: 30000 });
    const pixels = await page.evaluate((url, side) => window.show(url, side), `${server.origin}/file/${name}`, Number(size));
    console.log(JSON.stringify({ said, pixels }));
  });
} finally {
  server.close();
}
