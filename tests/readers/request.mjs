// What every reader is asked and where its answer goes: READER FILE.glb REQUEST.json OUT.json
// The request: `times`, seconds to sample animations at; maybe `turn`: {joint, quaternion (xyzw)}, to be applied before
// the vertices are reported once more as `posed`; and for readers that draw, `probes` and `animation_probes`: where to
// look at the surface, (x, y) in metres in the middle of pixels of `pixel_m` (see gltf_readers/request.py).
import { readFileSync, writeFileSync } from "node:fs";

export async function answer(read) {
  const [file, request, out] = process.argv.slice(2);
  writeFileSync(out, JSON.stringify(await read(file, JSON.parse(readFileSync(request, "utf8")))));
}
