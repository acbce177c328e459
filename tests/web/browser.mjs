// A browser that obeys: one JSON command a line on standard input, one JSON answer a line on standard output.
// usage: node browser.mjs FOLDER   (CHROMIUM in the environment; the folder is served as /site/)
//   {"open": path, "size": [w, h], "before": code}   a page of its own, `before` runs ahead of the page's own code
//   {"run": code}      the value of an async function's body in the page
//   {"shot": null}     a PNG of the page in base64
//   {"said": null}     what the page logged, threw or asked of other servers since the last time
//   {"key": name}      presses a key; {"names": null} lists role and name of what a screen reader is told
//   {"id": number} in a command comes back in its answer
//   {"drag": [[x, y], ...], "touch": true}   with the mouse or a finger
import { createInterface } from "node:readline";
import { serve, withBrowser } from "../readers/chromium.mjs";

const server = await serve({ site: process.argv[2] });
let page = null;
let said = [];

async function open(browser, { open: path, size, before }) {
  await page?.close();
  page = await browser.newPage();
  said = [];
  await page.setViewport({ width: size[0], height: size[1] });
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (sent) => {
    if (!/^(data|blob):/.test(sent.url()) && !sent.url().startsWith(`${server.origin}/`)) said.push(sent.url());
  });
  if (before) await page.evaluateOnNewDocument(before);
  await page.goto(`${server.origin}/site/${path}`);
  return null;
}

async function drag({ drag: points, touch }) {
  const [start, ...rest] = points;
  if (touch) {
    await page.touchscreen.touchStart(...start);
    for (const point of rest) await page.touchscreen.touchMove(...point);
    await page.touchscreen.touchEnd();
  } else {
    await page.mouse.move(...start);
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...point);
    await page.mouse.up();
  }
  return null;
}

async function names() {
  const found = [];
  const visit = (node) => {
    found.push([node.role, node.name ?? ""]);
    node.children?.forEach(visit);
  };
  visit(await page.accessibility.snapshot());
  return found;
}

async function obey(browser, command) {
  if (command.open !== undefined) return open(browser, command);
  if (command.run !== undefined) return page.evaluate(`(async () => { ${command.run} })()`);
  if (command.shot !== undefined) return Buffer.from(await page.screenshot()).toString("base64");
  if (command.key !== undefined) return (await page.keyboard.press(command.key), null);
  if (command.drag !== undefined) return drag(command);
  if (command.names !== undefined) return names();
  const words = said;
  said = [];
  return words;
}

await withBrowser(process.env.CHROMIUM, async (browser) => {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line), { id } = command;
    const answer = await obey(browser, command).then(
      (value) => ({ id, value: value ?? null }),
      (error) => ({ id, error: String(error) }),
    );
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
});
server.close();
