// What PlayCanvas' splat-transform reads from a splat file: every column as it stands in the file.
// usage: node splat_reader.mjs FILE
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { MemoryReadFileSystem, getInputFormat, readFile } from "@playcanvas/splat-transform";
import { base64 } from "./base64.mjs";

// its SPZ module reports what it reads on standard output, which is kept for the answer
const answer = console.log;
console.log = console.error;

const path = process.argv[2];
const filename = basename(path);
const fileSystem = new MemoryReadFileSystem();
fileSystem.set(filename, new Uint8Array(readFileSync(path)));
const tables = await readFile({ filename, inputFormat: getInputFormat(filename), options: {}, params: [], fileSystem });
const columns = Object.fromEntries(tables[0].columns.map((column) => [column.name, base64(column.data)]));
answer(JSON.stringify({ tables: tables.length, splats: tables[0].numRows, columns }));
