// Bundles the page's program and its libraries: node build.mjs OUT_FOLDER
import { build } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const out = process.argv[2];
const LIBRARIES = [
  [/^three$|^three\/addons\/|^@sparkjsdev\/spark$/, "./graphics.js"],
  [/^onnxruntime-web/, "./onnxruntime.js"],
];

/** The program imports the libraries from two files beside it. */
const librariesApart = {
  name: "libraries-apart",
  setup(task) {
    for (const [filter, path] of LIBRARIES) {
      task.onResolve({ filter }, () => ({ path, external: true }));
    }
  },
};

const shape = { bundle: true, minify: true, format: "esm", target: "es2022" };
const common = { ...shape, legalComments: "none", logLevel: "warning" };
await build({
  ...common,
  entryPoints: { "headsmith-avatar": "src/main.ts", texture_worker: "src/texture_worker.ts" },
  outdir: join(out, "viewer/lib"),
  plugins: [librariesApart],
});
await build({
  ...common,
  entryPoints: ["src/libraries/graphics.ts", "src/libraries/onnxruntime.ts"],
  outdir: join(out, "libraries/lib"),
});
mkdirSync(join(out, "viewer"), { recursive: true });
copyFileSync("page/index.html", join(out, "viewer/index.html"));
copyFileSync(
  "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
  join(out, "libraries/lib/onnxruntime.wasm"),
);
