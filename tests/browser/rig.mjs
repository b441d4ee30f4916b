// A hall to test against and a browser to test with.
import { spawn, exec } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const EXAMPLE = process.env.HALL_SERVICE
  ?? fileURLToPath(new URL('../../target/debug/examples/hall_service', import.meta.url));

/** A hall service: the one that the environment names, or the example, started here. */
export async function startHall(...extra) {
  const { HALL_URL: url, HALL_PINS: pins, HALL_RESTART: command } = process.env;
  if (url) {
    const text = pins?.trim().startsWith('{') ? pins : readFileSync(pins, 'utf8');
    const restart = command ? () => promisify(exec)(command) : null;
    return { url, pins: JSON.parse(text), restart, stop: async () => {} };
  }
  const folder = mkdtempSync(join(tmpdir(), 'hall-'));
  let port = '0';
  const begin = async () => {
    const child = spawn(EXAMPLE, ['--port', port, '--data', folder, ...extra], { stdio: ['ignore', 'pipe', 'inherit'] });
    const first = await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${EXAMPLE} ended with ${code}`)));
    });
    return { child, said: JSON.parse(first) };
  };
  const kill = ({ child }) => new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGKILL');
  });
  let running = await begin();
  port = new URL(running.said.url).port;
  return {
    ...running.said,
    restart: async () => {
      await kill(running);
      running = await begin();
    },
    stop: async () => {
      await kill(running);
      rmSync(folder, { recursive: true });
    },
  };
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
    ],
  });
}

/** A page of its own, as on a machine of its own, that fails the test when its script fails. */
export async function openPage(browser, url, size = { width: 1280, height: 1024 }, more = {}) {
  const context = await browser.newContext({ viewport: size, baseURL: url, locale: 'vi-VN', ...more });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  page.on('console', (message) => {
    // A page that waits for its kiosk to come back reports every try.
    if (message.type() === 'error' && !message.text().includes('ERR_')) { page.faults.push(message.text()); }
  });
  return page;
}

/** An officer's page, signed in. */
export async function signIn(browser, hall, counter, size, more) {
  const page = await openPage(browser, hall.url, size, more);
  await page.goto('/quay');
  await page.selectOption('#counter', String(counter));
  await page.fill('#pin', hall.pins[counter]);
  await page.click('button[type=submit]');
  await page.waitForSelector('#desk');
  return page;
}

/** Waits until the page takes the next press, then presses a key. */
export async function key(page, name) {
  await page.waitForFunction(() => !document.body.classList.contains('busy'));
  await page.keyboard.press(name);
}

/** What the page says after the press in flight. */
export async function said(page) {
  await page.waitForFunction(() => {
    const answer = document.getElementById('answer').textContent;
    return answer && !answer.startsWith('Đang gửi');
  });
  return page.textContent('#answer');
}

export async function pressAndHear(page, name) {
  await key(page, name);
  return said(page);
}

/** The number in hand, null when there is none. */
export async function number(page) {
  const text = await page.textContent('.ticket .number');
  return /\d/.test(text) ? text.trim() : null;
}

/** Opens the counter, unless it is open. */
export async function open(page) {
  if (await page.locator('[data-key="9"]').isEnabled()) { await pressAndHear(page, '9'); }
  await page.waitForSelector('.state.open');
}

/** Calls the next person and gives the number. */
export async function call(page) {
  await page.waitForSelector('[data-key="1"]:enabled');
  await pressAndHear(page, '1');
  await page.waitForSelector('.ticket.called');
  return number(page);
}

/** Sends the person in hand away, whatever state it is in. */
export async function finish(page) {
  if (await page.locator('[data-key="3"]').isEnabled()) { await pressAndHear(page, '3'); }
  await page.waitForSelector('[data-key="4"]:enabled');
  await pressAndHear(page, '4');
  await page.waitForSelector('.ticket.none');
}
