// receiptio prints on the fake printer and reads its status; what comes out is read by zbarimg and tesseract.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { print } from 'receiptio';

// receiptio knows one port; an address of its own keeps it apart from other fakes.
const HOST = '127.91.0.7';
const PROGRAM = process.env.FAKE_DEVICE ?? new URL('../../target/debug/fake-device', import.meta.url).pathname;

let folder;
let fake;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'receiptio-'));
  const place = ['--tcp', `${HOST}:9100`, '--tickets', join(folder, 'tickets'), '--control', join(folder, 'control')];
  fake = spawn(PROGRAM, ['printer', ...place], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    fake.stdout.once('data', resolve);
    fake.once('error', reject);
    fake.once('exit', (code) => reject(new Error(`${PROGRAM} ended with ${code}`)));
  });
});

after(() => {
  fake?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** One command for the fake; its answer. */
function command(line) {
  return new Promise((resolve, reject) => {
    const socket = connect(join(folder, 'control'));
    socket.once('error', reject);
    socket.once('data', (answer) => { socket.destroy(); resolve(answer.toString().trim()); });
    socket.write(`${line}\n`);
  });
}

async function must(line) {
  assert.match(await command(line), /^ok/, line);
}

const RECEIPT = `{image:none}
^^^RECEIPT

One line | 1
{code:https://tthc.example/p/T8F4; option:qrcode,6,m}
`.replace('{image:none}\n', '');

test('a receipt of receiptio comes out of the fake as it would out of a printer', { timeout: 60_000 }, async () => {
  assert.equal(await print(RECEIPT, `-d ${HOST} -p generic -i -c 42 -l en -t 30`), 'success');
  const status = await command('status');
  assert.match(status, /tickets=1 /, status);
  assert.match(status, /unknown=0 /, `the fake does not know a command: ${status}`);
  const [picture] = readdirSync(join(folder, 'tickets')).filter((name) => name.endsWith('.png'));
  const path = join(folder, 'tickets', picture);
  assert.equal(execFileSync('zbarimg', ['--quiet', '--raw', path]).toString().trim(), 'https://tthc.example/p/T8F4');
  assert.match(execFileSync('tesseract', [path, '-', '-l', 'eng', '--psm', '6'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString(), /RECEIPT/);
});

test('receiptio reads every state of the fake', { timeout: 60_000 }, async () => {
  const ask = () => print('', `-d ${HOST} -p generic -q`);
  assert.equal(await ask(), 'online');
  for (const [broken, mended, state] of [
    ['cover open', 'cover close', 'coveropen'],
    ['paper end', 'paper ok', 'paperempty'],
  ]) {
    await must(broken);
    assert.equal(await ask(), state, broken);
    await must(mended);
    assert.equal(await ask(), 'online', mended);
  }
  await must('silent on');
  assert.equal(await ask(), 'offline');
  await must('silent off');
  await must('unplug');
  assert.equal(await ask(), 'disconnect');
  await must('plug');
});

test('a receipt in the middle of which the paper ends is told as such', { timeout: 60_000 }, async () => {
  await must('paper end after 60');
  assert.equal(await print(RECEIPT, `-d ${HOST} -p generic -i -c 42 -l en -t 30`), 'paperempty');
  await must('paper ok');
});
