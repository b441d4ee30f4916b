'use strict';
const byId = (id) => document.getElementById(id);

async function act(action) {
  const answer = byId('answer');
  answer.className = '';
  answer.textContent = '...';
  try {
    const response = await fetch('/act', { method: 'POST', headers: { 'x-dock': '1' }, body: action });
    answer.textContent = response.ok ? 'Done: ' + action.slice(0, 60) : await response.text();
    answer.className = response.ok ? '' : 'bad';
  } catch {
    answer.textContent = 'The rig has ended.';
    answer.className = 'bad';
  }
  look();
}

for (const button of document.querySelectorAll('[data-act]')) {
  button.addEventListener('click', () => act(button.dataset.act));
}
byId('scan').addEventListener('submit', (event) => {
  event.preventDefault();
  act('scan ' + new FormData(event.target).get('code'));
});

const screen = byId('screen');
screen?.addEventListener('click', (event) => {
  const box = screen.getBoundingClientRect();
  // The picture keeps its shape inside the box.
  const scale = Math.min(box.width / screen.naturalWidth, box.height / screen.naturalHeight);
  const x = (event.clientX - box.left - (box.width - screen.naturalWidth * scale) / 2) / scale;
  const y = (event.clientY - box.top - (box.height - screen.naturalHeight * scale) / 2) / scale;
  act('touch ' + Math.round(x) + ' ' + Math.round(y));
});

let shown = 0;
function showTickets(count) {
  for (; shown < count; shown += 1) {
    const image = new Image();
    image.src = '/ticket/' + (shown + 1);
    image.alt = 'Piece of paper ' + (shown + 1);
    byId('tickets').prepend(image);
  }
  while (byId('tickets').children.length > 6) { byId('tickets').lastChild.remove(); }
}

const state = (good, words) => '<span class="' + (good ? '' : 'bad') + '">' + words + '</span>';

async function look() {
  try {
    const now = await (await fetch('/now')).json();
    byId('printer').textContent = (now.printer_plugged ? '' : 'unplugged, ')
      + now.printer.split(' ').map((pair) => pair.replace('=', ' ').replaceAll('_', ' ')).join(', ');
    byId('outside').innerHTML = [
      state(!now.line_cut, now.line_cut ? 'The line is cut' : 'The line carries'),
      state(now.server_runs, now.server_runs ? 'the server runs' : 'the server is stopped'),
      state(now.kiosk_runs, now.kiosk_runs ? 'the kiosk runs' : 'the kiosk is down'),
    ].join(', ');
    showTickets(now.tickets);
  } catch {
    byId('answer').textContent = 'The rig has ended.';
    byId('answer').className = 'bad';
  }
}

function lookAtScreen() {
  if (!screen) { return; }
  const next = new Image();
  next.onload = () => { screen.src = next.src; setTimeout(lookAtScreen, 700); };
  next.onerror = () => setTimeout(lookAtScreen, 1500);
  next.src = '/screen.png?' + Date.now();
}

look();
setInterval(look, 1000);
lookAtScreen();
