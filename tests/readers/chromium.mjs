// Pages in headless Chromium: a static server on this machine and a browser that draws in software (SwiftShader).
import { createServer } from "node:http";
import { readFile, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import puppeteer from "puppeteer-core";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Serves folders: `places` maps the first part of a path to a folder. Returns {origin, close}. */
export async function serve(places) {
  const server = createServer(async (request, response) => {
    const [, first, ...rest] = decodeURIComponent(new URL(request.url, "http://localhost").pathname).split("/");
    try {
      const content = await readFile(join(places[first], normalize(rest.join("/"))));
      response.writeHead(200, { "content-type": TYPES[extname(request.url)] ?? "application/octet-stream" });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A browser of its own, whose profile is thrown away; `use` gets it. */
export async function withBrowser(executablePath, use) {
  const userDataDir = await mkdtemp(join(tmpdir(), "headsmith-chromium-"));
  const browser = await puppeteer.launch({
    executablePath,
    userDataDir,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--ignore-gpu-blocklist",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    return await use(browser);
  } finally {
    await browser.close();
    await rm(userDataDir, { recursive: true, force: true });
  }
}
