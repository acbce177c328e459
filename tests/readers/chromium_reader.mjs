// three.js in headless Chromium, which decodes textures and draws (in software). The browser's path comes by the
// environment: CHROMIUM. A message on the page's console or a request elsewhere is an error.
// usage: node chromium_reader.mjs FILE.glb REQUEST.json OUT.json (see request.mjs)
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { serve, withBrowser } from "./chromium.mjs";
import { answer } from "./request.mjs";

const here = dirname(fileURLToPath(import.meta.url));

await answer(async (file, request) => {
  const server = await serve({ page: here, packages: `${here}/node_modules`, file: dirname(file) });
  try {
    return await withBrowser(process.env.CHROMIUM, async (browser) => {
      const page = await browser.newPage();
      const said = [];
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(String(error)));
      page.on("request", (sent) => /^(data|blob):/.test(sent.url()) || sent.url().startsWith(server.origin) || said.push(sent.url()));
      await page.goto(`${server.origin}/page/chromium_page.html`);
      await page.waitForFunction("window.read", { timeout: 30000 });
      const seen = await page.evaluate((f, r) => window.read(f, r), `${server.origin}/file/${basename(file)}`, request);
      if (said.length) throw new Error(`the page said: ${said.join("; ")}`);
      const record = JSON.parse(seen);
      return { ...record, program: `${record.program}, ${await browser.version()}` };
    });
  } finally {
    server.close();
  }
});
