// Opens objects in OHIF, as a person would, and says what OHIF made of them.
//
// node ohif.mjs DIST CHROMIUM ROOT LOGIN; then one line of JSON on standard input for each object that is in Orthanc:
//   {"study", "series": of the object, "sets": how many display sets the study has, "picture": file, "reply": "Yes" or "No"}
// and for each one line of JSON on standard output: {"facts" (see facts.mjs), "asked", "texts", "errors"} or {"error"}.
// The first line says {"browser": version}.
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

import { facts, pulse } from "./facts.mjs";
import { serve } from "./serve.mjs";

const [dist, executablePath, root, login] = process.argv.slice(2);
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-quic",
  "--disable-sync",
  "--enable-unsafe-swiftshader",
  "--ignore-gpu-blocklist",
  "--no-first-run",
  "--no-sandbox", // the whole session has no way out, and shows nothing but its own files
  "--use-angle=swiftshader",
  "--use-gl=angle",
];
const STEP = 90_000;
const PROMPT = 12_000; // it comes within three seconds, or never

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

// Until nothing has changed for a while.
async function settle(page, quiet) {
  let last = "";
  let since = Date.now();
  const end = since + STEP;
  while (Date.now() - since < quiet && Date.now() < end) {
    const now = await page.evaluate(pulse);
    if (now !== last) [last, since] = [now, Date.now()];
    await page.waitForTimeout(250);
  }
}

const rendered = () => {
  const { cornerstoneViewportService, viewportGridService } = window.services;
  const viewport = cornerstoneViewportService.getCornerstoneViewport(viewportGridService.getActiveViewportId());
  return Boolean(viewport?.getCurrentImageId?.() && viewport.getCornerstoneImage?.());
};

async function open(page, address, { study, series, sets, picture, reply }) {
  await page.goto(`${address}/viewer?StudyInstanceUIDs=${study}`, { waitUntil: "domcontentloaded" });
  await page.waitForFunction((n) => window.services?.displaySetService?.getActiveDisplaySets()?.length >= n, sets, {
    timeout: STEP,
  });
  await page.waitForFunction(rendered, null, { timeout: STEP });
  const id = await page.evaluate(
    (uid) =>
      window.services.displaySetService.getActiveDisplaySets().find((one) => one.SeriesInstanceUID === uid)
        ?.displaySetInstanceUID,
    series,
  );
  const thumbnail = page.locator(`#thumbnail-${id}`);
  const listed = (await thumbnail.count()) > 0;
  let asked = false;
  if (listed) {
    await thumbnail.dblclick({ timeout: STEP });
    const button = page.getByRole("button", { name: reply, exact: true });
    asked = await button.waitFor({ timeout: PROMPT }).then(() => true, () => false);
    if (asked) {
      await settle(page, 1000);
      await button.click({ timeout: STEP });
    }
  }
  await settle(page, 3000);
  if (picture) await page.screenshot({ path: picture });
  const texts = await page.locator('[data-sonner-toast], [role="alert"], [role="dialog"]').allInnerTexts();
  return { listed, asked, texts, facts: await page.evaluate(facts) };
}

const address = await serve(dist, { root, login });
const browser = await chromium.launch({ executablePath, args: FLAGS });
say({ browser: browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  // Its introduction would cover the buttons.
  await context.addInitScript(() => localStorage.setItem("shownTours", JSON.stringify(["basicViewerTour"])));
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text().slice(0, 500));
  });
  const answer = await open(page, address, JSON.parse(line)).catch((error) => ({ error: String(error) }));
  say({ ...answer, errors });
  await context.close();
}
await browser.close();
process.exit(0);
