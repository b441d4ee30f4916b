// The district server's pages, as a leader sees them. Needs DISTRICT_URL and DISTRICT_CODE (hall-rig browser sets
// them): a server that has heard of one ticket finished and rated, and of others that wait.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import * as rig from './rig.mjs';

const { DISTRICT_URL: url, DISTRICT_CODE: code, LOOK: look } = process.env;
const skip = url ? false : 'no DISTRICT_URL';
let browser, page;

before(async () => {
  if (url) {
    browser = await rig.startBrowser();
    page = await rig.openPage(browser, url);
  }
});

after(async () => {
  await browser?.close();
});

/** Opens a page by its entry in the menu. */
async function open(name) {
  await page.click(`nav a:has-text("${name}")`);
  await page.waitForSelector(`nav a[aria-current=page]:has-text("${name}")`);
  if (look) { await page.screenshot({ path: `${look}/district-${name}.png`, fullPage: true }); }
}

async function signIn(with_code) {
  await page.fill('#code', with_code);
  await page.click('main button[type=submit]');
}

/** A figure of a page by its label. */
async function figure(label) {
  return page.textContent(`dl.figures div:has(dt:text-is("${label}")) dd`);
}

test('without signing in there is only the sign-in page, and a wrong code opens nothing', { skip }, async () => {
  for (const path of ['/', '/waiting', '/ratings', '/devices', '/report', '/month.csv']) {
    await page.goto(path);
    assert.equal(new URL(page.url()).pathname, '/sign-in', path);
  }
  await signIn('AAAA-BBBB-CCCC-DDDD');
  await page.waitForSelector('[role=alert]');
  assert.match(await page.textContent('[role=alert]'), /không đúng/);
  page.faults.length = 0;
});

test('a leader signs in and sees the hall as it is now', { skip }, async () => {
  await signIn(code.toLowerCase());
  await page.waitForSelector('nav a[aria-current=page]');
  assert.match(await page.textContent('main'), /UBND XÃ ĐƠN DƯƠNG/);
  assert.ok(Number(await figure('Đang chờ')) >= 1);
  assert.match(await figure('Đã xong hôm nay'), /^\s*[1-9]/);
  if (look) { await page.screenshot({ path: `${look}/district-halls.png`, fullPage: true }); }
});

test('waiting times lead with mean, median, P90 and the share within 15 minutes', { skip }, async () => {
  await open('Thời gian chờ');
  for (const label of ['Chờ trung bình', 'Một nửa chờ không quá', '90 % chờ không quá', 'Chờ tối đa 15 phút']) {
    assert.match(await figure(label), /\d/, label);
  }
});

test('ratings come with their number and the response rate', { skip }, async () => {
  await open('Đánh giá');
  assert.ok(Number(await figure('Số đánh giá')) >= 1);
  assert.match(await figure('Tỷ lệ trả lời'), /\d+ ?%/);
  assert.match(await page.textContent('main'), /không phải điểm theo Quyết định 766/);
});

test('devices are shown by name and state', { skip }, async () => {
  await open('Thiết bị');
  assert.match(await page.textContent('main'), /donduong-1/);
});

test('the month can be saved as CSV that spreadsheet programs read right', { skip }, async () => {
  await open('Báo cáo tháng');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click('a:has-text("dấu phẩy")'),
  ]);
  const bytes = readFileSync(await download.path());
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  const [head, ...rows] = bytes.subarray(3).toString('utf8').trim().split(/\r?\n/);
  assert.match(head, /^Ngày,Nơi tiếp nhận,Lĩnh vực,Số đã cấp/);
  assert.ok(rows.some((row) => /Cư trú,[1-9]/.test(row)), rows.join('\n'));
});

test('no page of the server has a fault in its scripts', { skip }, async () => {
  assert.deepEqual(page.faults, []);
});
