// A splat file as PlayCanvas' splat-transform writes it.
// usage: node splat_writer.mjs IN OUT
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import {
  MemoryFileSystem, MemoryReadFileSystem, WorkerQueue, getInputFormat, getOutputFormat, readFile, writeFile,
} from "@playcanvas/splat-transform";

// it reports what it does on standard output, which is kept for the answer
const answer = console.log;
console.log = console.error;
if (WorkerQueue) WorkerQueue.maxWorkers = 0;

const [source, target] = process.argv.slice(2);
const filename = basename(source);
const reading = new MemoryReadFileSystem();
reading.set(filename, new Uint8Array(readFileSync(source)));
const inputFormat = getInputFormat(filename);
const [dataTable] = await readFile({ filename, inputFormat, options: {}, params: [], fileSystem: reading });
const writing = new MemoryFileSystem();
const output = basename(target);
const options = { iterations: 10 };
await writeFile({ filename: output, outputFormat: getOutputFormat(output, options), dataTable, options }, writing);
writeFileSync(target, writing.results.get(output));
answer(JSON.stringify({ bytes: writing.results.get(output).length }));
