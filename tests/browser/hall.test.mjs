import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as rig from './rig.mjs';

let hall, browser;

before(async () => {
  hall = await rig.startHall();
  browser = await rig.startBrowser();
});

after(async () => {
  await browser?.close();
  await hall?.stop();
});

/** Runs with officers' pages of these counters, open, and closes them after. */
async function withOfficers(counters, body) {
  const pages = [];
  try {
    for (const counter of counters) { pages.push(await rig.signIn(browser, hall, counter)); }
    for (const page of pages) { await rig.open(page); }
    await body(...pages);
    for (const page of pages) { assert.deepEqual(page.faults, []); }
  } finally {
    for (const page of pages) { await page.context().close(); }
  }
}

test('two officers who press call at the same moment get two different people', async () => {
  await withOfficers([1, 2], async (first, second) => {
    await Promise.all([first, second].map((page) => page.waitForSelector('[data-key="1"]:enabled')));
    await Promise.all([first, second].map((page) => page.keyboard.press('1')));
    await Promise.all([first, second].map((page) => page.waitForSelector('.ticket.called')));
    const numbers = [await rig.number(first), await rig.number(second)];
    assert.ok(numbers[0] && numbers[1]);
    assert.notEqual(numbers[0], numbers[1]);
    await rig.finish(first);
    await rig.finish(second);
  });
});

test('a double click on call calls one person, and a quick second key does nothing', async () => {
  await withOfficers([1], async (page) => {
    await page.waitForSelector('[data-key="1"]:enabled');
    await page.dblclick('[data-key="1"]');
    await page.waitForSelector('.ticket.called');
    const called = await rig.number(page);
    await rig.said(page);
    assert.equal(await page.textContent('#answer'), 'Đã gọi số tiếp theo.');
    assert.equal(await rig.number(page), called);
    await rig.finish(page);
  });
});

test('a press whose answer is lost on the way is sent again and acts once', async () => {
  await withOfficers([1], async (page) => {
    await page.waitForSelector('[data-key="1"]:enabled');
    const presses = [];
    await page.route('**/quay/bam', async (route) => {
      presses.push(new URLSearchParams(route.request().postData()).get('press'));
      if (presses.length > 1) { return route.continue(); }
      await route.fetch(); // the kiosk acts, the page never hears of it
      return route.abort();
    });
    await page.keyboard.press('1');
    await page.waitForFunction(() => document.getElementById('answer').textContent === 'Đã gọi số tiếp theo.');
    assert.equal(presses.length, 2);
    assert.equal(presses[0], presses[1]);
    await rig.finish(page);
  });
});

test('a day of keys: call, recall, serve, hold, pause and back, without a mouse', async () => {
  await withOfficers([1], async (page) => {
    const called = await rig.call(page);
    assert.equal(await rig.pressAndHear(page, '2'), 'Đã gọi lại.');
    await rig.pressAndHear(page, '3');
    await page.waitForSelector('.ticket.serving');
    await rig.pressAndHear(page, '6');
    await page.waitForSelector('.ticket.none');
    await page.locator('button', { hasText: 'Tiếp tục' }).first().click();
    await page.waitForSelector('.ticket.serving');
    assert.equal(await rig.number(page), called);
    await rig.finish(page);
    await rig.key(page, '8');
    await page.waitForSelector('#pause[open]');
    await rig.pressAndHear(page, 'a');
    await page.waitForSelector('.state.paused');
    await rig.pressAndHear(page, '9');
    await page.waitForSelector('.state.open');
  });
});

test('a press of one page shows on the other page of the same counter', async () => {
  await withOfficers([1, 1], async (first, second) => {
    const called = await rig.call(first);
    await second.waitForSelector('.ticket.called');
    assert.equal(await rig.number(second), called);
    await rig.finish(second);
    await first.waitForSelector('.ticket.none');
  });
});

test('five calls made at once are all shown, one after another and in order', async () => {
  const display = await rig.openPage(browser, hall.url, { width: 1920, height: 1080 });
  await display.goto('/bang');
  await display.waitForSelector('#calls');
  await display.evaluate(() => {
    window.seen = [];
    const look = () => {
      const panel = document.getElementById('now');
      const number = document.getElementById('now-number');
      const shown = number && panel.classList.contains('new') ? number.textContent : null;
      if (shown && window.seen[window.seen.length - 1] !== shown) { window.seen.push(shown); }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  const counters = Object.keys(hall.pins).map(Number).slice(0, 5);
  await withOfficers(counters, async (...pages) => {
    // Each counter has called and finished somebody, so that the fifth call of a hall of three is a new person too.
    const numbers = await Promise.all(pages.map((page) => rig.call(page)));
    while (numbers.length < 5) {
      const page = pages[numbers.length % pages.length];
      await rig.finish(page);
      numbers.push(await rig.call(page));
    }
    await display.waitForFunction((count) => window.seen.length >= count, numbers.length, { timeout: 90_000 });
    const rows = await display.$$eval('[data-serial]', (found) => found.map((row) => row.dataset.number));
    const inOrder = rows.reverse().filter((shown) => numbers.includes(shown));
    assert.deepEqual(await display.evaluate(() => window.seen), inOrder);
    for (const page of pages) { await rig.finish(page); }
  });
  assert.deepEqual(display.faults, []);
  await display.context().close();
});

test('the button for the chime covers nothing on the hall display, whatever the screen', async () => {
  for (const [width, height] of [[1200, 700], [1280, 720], [1366, 768], [1920, 1080]]) {
    const display = await rig.openPage(browser, hall.url, { width, height });
    await display.goto('/bang');
    await display.waitForFunction(() => document.querySelector('.clock').textContent !== '');
    const covered = await display.evaluate(() => {
      const button = document.getElementById('sound');
      button.hidden = false;
      const box = button.getBoundingClientRect();
      const meets = (other) => other.left < box.right && other.right > box.left && other.top < box.bottom && other.bottom > box.top;
      const texts = document.createTreeWalker(document.getElementById('content'), NodeFilter.SHOW_TEXT);
      const met = [];
      while (texts.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(texts.currentNode);
        if (Array.from(range.getClientRects()).some(meets)) { met.push(texts.currentNode.textContent); }
      }
      return met;
    });
    assert.deepEqual(covered, [], `${width}x${height}`);
    await display.context().close();
  }
});

test('an officer page without scripts works by plain forms', async () => {
  const page = await rig.signIn(browser, hall, 1, undefined, { javaScriptEnabled: false });
  if (await page.locator('[data-key="9"]').isEnabled()) { await page.click('[data-key="9"]'); }
  await page.click('[data-key="1"]');
  assert.equal(await page.textContent('#answer'), 'Đã gọi số tiếp theo.');
  await page.click('[data-key="3"]');
  await page.click('[data-key="4"]');
  assert.match(await page.textContent('#answer'), /^Đã kết thúc/);
  await page.context().close();
});

test('pages survive a restart of the kiosk and go on by themselves', async (t) => {
  if (!hall.restart) { return t.skip('HALL_RESTART is not set'); }
  const display = await rig.openPage(browser, hall.url, { width: 1366, height: 768 });
  await display.goto('/bang');
  const page = await rig.signIn(browser, hall, 1);
  await rig.open(page);
  const down = page.waitForSelector('#lost:not([hidden])');
  await hall.restart();
  await down;
  for (const survivor of [page, display]) {
    await survivor.waitForSelector('#lost', { state: 'hidden', timeout: 30_000 });
  }
  assert.match(page.url(), /\/quay$/);
  await rig.open(page);
  const called = await rig.call(page);
  await display.waitForFunction(
    (number) => document.getElementById('now-number')?.textContent === number, called, { timeout: 30_000 });
  await rig.finish(page);
  assert.deepEqual(page.faults.concat(display.faults), []);
  await page.context().close();
  await display.context().close();
});

test('wrong PINs are throttled and the page says for how long', async () => {
  const counter = Object.keys(hall.pins).map(Number).pop();
  const wrong = hall.pins[counter] === '000000' ? '000001' : '000000';
  const page = await rig.openPage(browser, hall.url);
  await page.goto('/quay');
  const attempt = async (pin) => {
    await page.selectOption('#counter', String(counter));
    await page.fill('#pin', pin);
    await Promise.all([page.waitForEvent('load'), page.click('button[type=submit]')]);
    return page.textContent('#answer');
  };
  const answers = [];
  for (let tries = 0; tries < 3; tries++) { answers.push(await attempt(wrong)); }
  assert.match(answers[0], /^Sai mã PIN/);
  assert.match(answers[2], /^Nhập sai nhiều lần. Xin đợi \d+ (giây|phút)/);
  assert.match(await attempt(hall.pins[counter]), /^Nhập sai nhiều lần/);
  await page.context().close();
});
