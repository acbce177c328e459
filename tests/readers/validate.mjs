// Khronos' glTF validator on one file: its whole report as JSON, every issue listed.
// usage: node validate.mjs FILE.glb...
import { readFileSync } from "node:fs";
import validator from "gltf-validator";

const reports = [];
for (const file of process.argv.slice(2)) {
  reports.push(await validator.validateBytes(new Uint8Array(readFileSync(file)), { maxIssues: 0 }));
}
console.log(JSON.stringify(reports));
