// The hall display: shows each new call by itself, one after another, with a chime. ES5, for the browsers of TVs.
(function () {
  'use strict';
  var TOO_OLD_SECS = 120; // after a cut nobody is called who was called long ago
  var queue = [];
  var shown = null; // the call in the large panel
  var lastSerial = null; // null until the first fragment: what was called before the page came is not called again
  var run = null; // serials begin anew with each run of the kiosk
  var timer = null;
  var audio = null;
  var soundButton = document.getElementById('sound');

  function callsOnPage() {
    var rows = document.querySelectorAll('[data-serial]'), calls = [], i;
    for (i = rows.length - 1; i >= 0; i--) {
      calls.push({
        serial: Number(rows[i].getAttribute('data-serial')),
        number: rows[i].getAttribute('data-number'),
        counter: rows[i].getAttribute('data-counter'),
        at: Number(rows[i].getAttribute('data-at'))
      });
    }
    return calls; // oldest first
  }

  function callMs() {
    return Number(document.getElementById('calls').getAttribute('data-call-secs')) * 1000;
  }

  // The large panel shows `shown`, the list what was called before it.
  function paint() {
    var rows = document.querySelectorAll('[data-serial]'), i;
    var number = document.getElementById('now-number');
    if (!shown || !number) { return; }
    number.textContent = shown.number;
    number.className = shown.number.length > 4 ? 'number long' : 'number';
    document.getElementById('now-counter').textContent = shown.counter;
    document.getElementById('now').className = timer ? 'now new' : 'now';
    for (i = 0; i < rows.length; i++) {
      rows[i].className = Number(rows[i].getAttribute('data-serial')) >= shown.serial ? 'shown-large' : '';
    }
  }

  function next() {
    timer = null;
    if (queue.length) {
      shown = queue.shift();
      timer = setTimeout(next, callMs());
      paint();
      restartBlink();
      chime();
    } else {
      paint();
    }
  }

  function restartBlink() {
    var now = document.getElementById('now');
    now.className = 'now';
    now.offsetWidth; // lets the browser see the change, so that the animation begins anew
    now.className = 'now new';
  }

  function takeCalls() {
    var calls = callsOnPage(), unix = kiosk.unixSecs(), runNow, restarted, fresh, i;
    runNow = document.getElementById('calls').getAttribute('data-run');
    restarted = run !== null && run !== runNow;
    if (restarted) { lastSerial = -1; }
    run = runNow;
    for (i = 0; i < calls.length; i++) {
      if (lastSerial === null || calls[i].serial <= lastSerial) { continue; }
      // Without a clock to tell, only a restart brings calls that are not new.
      fresh = unix === null ? !restarted : unix - calls[i].at < TOO_OLD_SECS;
      if (fresh) { queue.push(calls[i]); }
    }
    if (calls.length) {
      lastSerial = calls[calls.length - 1].serial;
      if (!shown || (!timer && !queue.length)) { shown = calls[calls.length - 1]; }
    } else if (lastSerial === null) {
      lastSerial = -1;
    }
    if (!timer) { next(); } else { paint(); }
  }

  function chime() {
    if (!audio) { return; }
    try {
      if (audio.state === 'suspended') { audio.resume(); }
      tone(784, 0, 0.7);
      tone(587, 0.45, 1.2);
    } catch (ignored) {
      // A TV without sound still shows the number.
    }
    offerSound();
  }

  function tone(hertz, after, length) {
    var oscillator = audio.createOscillator(), gain = audio.createGain(), begin = audio.currentTime + after;
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0.4, begin);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + length);
    oscillator.connect(gain);
    gain.connect(audio.destination);
    oscillator.start(begin);
    oscillator.stop(begin + length);
  }

  // Browsers keep silent until somebody touched the page once.
  function offerSound() {
    soundButton.hidden = !audio || audio.state !== 'suspended';
  }

  if (window.AudioContext || window.webkitAudioContext) {
    audio = new (window.AudioContext || window.webkitAudioContext)();
    audio.onstatechange = offerSound;
    offerSound();
    soundButton.onclick = function () { audio.resume(); chime(); };
  }
  kiosk.onFragment = function (html, swap) {
    swap(html);
    takeCalls();
  };
  kiosk.isQuiet = function () { return !timer; };
})();
