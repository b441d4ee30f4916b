// The officer console: presses without leaving the page, shortcuts on the keyboard. ES5, for old browsers.
(function () {
  'use strict';
  var TRIES = 3;
  var QUIET_MS = 700; // a double click is one press
  var busy = false;
  var last = { button: '', at: 0 }; // the press answered last
  var fading = null;
  var unanswered = null; // a press that got no answer: pressing the same again sends the same press id

  function say(sentence, good) {
    var answer = document.getElementById('answer');
    if (!answer) { return; }
    answer.textContent = sentence;
    answer.className = sentence === '' ? '' : good ? 'good' : 'look';
  }

  function drawPress() {
    var bytes = [], i, digits = '';
    var maker = window.crypto || window.msCrypto;
    if (maker && maker.getRandomValues) {
      bytes = new Uint8Array(16);
      maker.getRandomValues(bytes);
    } else {
      for (i = 0; i < 16; i++) { bytes.push(Math.floor(Math.random() * 256)); }
    }
    for (i = 0; i < 16; i++) { digits += (bytes[i] < 16 ? '0' : '') + bytes[i].toString(16); }
    return digits;
  }

  function setBusy(isBusy) {
    busy = isBusy;
    document.body.className = isBusy ? 'busy' : '';
  }

  function field(form, name) {
    return form.querySelector('[name=' + name + ']').value;
  }

  function encode(press) {
    var parts = [], name;
    for (name in press) {
      if (press.hasOwnProperty(name)) { parts.push(name + '=' + encodeURIComponent(press[name])); }
    }
    return parts.join('&');
  }

  function press(form, button) {
    if (busy || (last.button === button.value && Date.now() - last.at < QUIET_MS)) { return; }
    var seen = field(form, 'seen');
    var same = unanswered && unanswered.do === button.value && unanswered.seen === seen;
    var sent = same ? unanswered
      : { token: field(form, 'token'), press: drawPress(), seen: seen, do: button.value };
    setBusy(true);
    clearTimeout(fading);
    say('Đang gửi...', true);
    send(sent, 1);
  }

  function send(sent, attempt) {
    var request = new XMLHttpRequest();
    request.open('POST', '/quay/bam');
    request.timeout = 6000;
    request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
    request.setRequestHeader('X-Press', '1');
    request.onload = function () {
      var answer = null;
      try { answer = JSON.parse(request.responseText); } catch (ignored) { answer = null; }
      if (!answer) { return again(sent, attempt); }
      unanswered = answer.may_repeat ? sent : null;
      if (answer.outcome === 'signed-out') { location.href = '/quay?outcome=signed-out'; return; }
      done(sent, answer.sentence, answer.outcome === 'done');
    };
    request.onerror = request.ontimeout = function () { again(sent, attempt); };
    request.send(encode(sent));
  }

  function again(sent, attempt) {
    unanswered = sent;
    if (attempt >= TRIES) {
      done(sent, 'Không gửi được đến máy lấy số. Xin bấm lại nút đó: bấm lại không làm hai lần.', false);
      return;
    }
    say('Chưa gửi được, đang thử lại...', false);
    setTimeout(function () { send(sent, attempt + 1); }, 1500);
  }

  function done(sent, sentence, good) {
    last = { button: sent.do, at: Date.now() };
    setBusy(false);
    say(sentence, good);
    // What went well needs no reading later; what did not stays until the next press.
    clearTimeout(fading);
    if (good) { fading = setTimeout(function () { say('', false); }, 8000); }
  }

  // The button that a click or a key means, inside one form of presses.
  function pressButton(node) {
    while (node && node !== document) {
      if (node.tagName === 'BUTTON' && node.name === 'do') { return node; }
      node = node.parentNode;
    }
    return null;
  }

  function openChoosers() {
    return document.querySelectorAll('details[open]');
  }

  function closeChoosers(but) {
    var open = openChoosers(), i;
    for (i = 0; i < open.length; i++) {
      if (open[i] !== but) { open[i].removeAttribute('open'); }
    }
  }

  function parentDetails(node) {
    while (node && node !== document) {
      if (node.tagName === 'DETAILS') { return node; }
      node = node.parentNode;
    }
    return null;
  }

  document.addEventListener('click', function (event) {
    var button = pressButton(event.target);
    if (!button) {
      closeChoosers(parentDetails(event.target));
      return;
    }
    event.preventDefault();
    if (button.disabled) { return; }
    var question = button.getAttribute('data-confirm');
    if (question && !window.confirm(question)) { return; }
    closeChoosers(null);
    press(button.form, button);
  });

  document.addEventListener('keydown', function (event) {
    var tag = event.target.tagName;
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) { return; }
    if (tag === 'INPUT' || tag === 'SELECT' || tag === 'TEXTAREA') { return; }
    var key = event.key === 'Esc' ? 'Escape' : event.key;
    if (key === 'Escape') { closeChoosers(null); return; }
    if (!/^[0-9a-z]$/i.test(key || '')) { return; }
    key = key.toLowerCase();
    // Letters belong to the list that is open, digits to the fixed buttons.
    var scope = /[a-z]/.test(key) ? document.querySelector('details[open] .choices') : document;
    var target = scope && scope.querySelector('[data-key="' + key + '"]');
    if (!target || target.disabled) { return; }
    event.preventDefault();
    if (target.tagName === 'SUMMARY') {
      closeChoosers(target.parentNode);
      target.parentNode.open = !target.parentNode.open;
      return;
    }
    target.click();
  });

  if (!window.kiosk) { return; }
  // A fragment keeps what the officer has open and where the focus is.
  kiosk.onFragment = function (html, swap) {
    var open = [], nodes = openChoosers(), i, side, top;
    var focused = document.activeElement && document.activeElement.value;
    for (i = 0; i < nodes.length; i++) { open.push(nodes[i].id); }
    side = document.querySelector('.side');
    top = side ? side.scrollTop : 0;
    swap(html);
    for (i = 0; i < open.length; i++) {
      var details = document.getElementById(open[i]);
      if (details && details.tagName === 'DETAILS') { details.setAttribute('open', ''); }
    }
    side = document.querySelector('.side');
    if (side) { side.scrollTop = top; }
    nodes = focused ? document.querySelectorAll('button[name=do]') : [];
    for (i = 0; i < nodes.length; i++) {
      if (nodes[i].value === focused && !nodes[i].disabled) { nodes[i].focus(); }
    }
  };
  kiosk.onSignedOut = function () { location.href = '/quay?outcome=signed-out'; };
  kiosk.isQuiet = function () { return !busy && !unanswered; };
})();
