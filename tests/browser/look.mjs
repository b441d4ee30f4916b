// Photographs every page, for people to look at.
import { mkdirSync } from 'node:fs';
import * as rig from './rig.mjs';

const folder = process.argv[2] ?? 'target/browser';
mkdirSync(folder, { recursive: true });
const hall = await rig.startHall('--trouble');
const browser = await rig.startBrowser();
const shot = (page, name) => page.screenshot({ path: `${folder}/${name}.png` });
try {
  for (const [width, height] of [[1280, 1024], [1366, 768]]) {
    const size = { width, height };
    const guest = await rig.openPage(browser, hall.url, size);
    for (const [path, name] of [['/', 'index'], ['/quay', 'sign-in'], ['/may', 'machine']]) {
      await guest.goto(path);
      await shot(guest, `${name}-${width}`);
    }
    const page = await rig.signIn(browser, hall, width === 1280 ? 1 : 2, size);
    await shot(page, `console-closed-${width}`);
    await rig.open(page);
    await shot(page, `console-open-${width}`);
    await rig.call(page);
    await rig.pressAndHear(page, '2');
    await rig.key(page, '5');
    await page.waitForSelector('.ticket.none');
    await rig.call(page);
    await rig.key(page, '3');
    await page.waitForSelector('.ticket.serving');
    await rig.key(page, '6');
    await page.waitForSelector('.ticket.none');
    await rig.call(page);
    await shot(page, `console-called-${width}`);
    await rig.key(page, '3');
    await page.waitForSelector('.ticket.serving');
    await page.waitForFunction(() => !document.body.classList.contains('busy'));
    await shot(page, `console-serving-${width}`);
    await page.keyboard.press('7');
    await shot(page, `console-transfer-${width}`);
    await page.keyboard.press('Escape');
    await page.locator('.tickets summary').first().click();
    await shot(page, `console-more-${width}`);
    await page.keyboard.press('Escape');
    await rig.finish(page);
  }
  for (const counter of [3, 4, 5]) {
    const page = await rig.signIn(browser, hall, counter);
    await rig.open(page);
    await rig.call(page);
  }
  for (const [width, height] of [[1920, 1080], [1366, 768], [1280, 720], [1200, 700]]) {
    const display = await rig.openPage(browser, hall.url, { width, height });
    await display.goto('/bang');
    await display.waitForFunction(() => document.querySelector('.clock').textContent !== '');
    // As a browser shows it that keeps silent until somebody touched the page.
    await display.evaluate(() => { document.getElementById('sound').hidden = false; });
    await shot(display, `display-${width}`);
  }
} finally {
  await browser.close();
  await hall.stop();
}
