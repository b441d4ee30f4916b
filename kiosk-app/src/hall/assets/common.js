// Keeps a page alive: server-sent events, the clock, and what happens when the line is cut. ES5, for old browsers.
var kiosk = (function () {
  'use strict';
  var body = document.body;
  var SILENCE_MS = 45000;
  var lastHeard = Date.now();
  var software = body.getAttribute('data-software');
  var clockAhead = null; // kiosk's Unix seconds minus ours; null while the kiosk's clock is not trusted
  var source = null;
  var api = { onFragment: null, onSignedOut: null, isQuiet: null, unixSecs: unixSecs };

  function unixSecs() {
    return clockAhead === null ? null : Math.floor(Date.now() / 1000) + clockAhead;
  }

  function lost(isLost) {
    document.getElementById('lost').hidden = !isLost;
  }

  function heard() {
    lastHeard = Date.now();
    lost(false);
  }

  function two(n) {
    return (n < 10 ? '0' : '') + n;
  }

  // Clocks and ages go on between two fragments.
  function paintTime() {
    var now = unixSecs();
    var clocks = document.querySelectorAll('[data-clock]');
    var ages = document.querySelectorAll('[data-since]');
    var i;
    if (now === null) { return; }
    var there = new Date((now + 7 * 3600) * 1000);
    var clock = two(there.getUTCHours()) + ':' + two(there.getUTCMinutes());
    for (i = 0; i < clocks.length; i++) { clocks[i].textContent = clock; }
    for (i = 0; i < ages.length; i++) {
      ages[i].textContent = Math.max(0, Math.floor((now - ages[i].getAttribute('data-since')) / 60)) + ' phút';
    }
  }

  function swap(html) {
    document.getElementById('content').innerHTML = html;
    paintTime();
  }

  function connect() {
    if (source) { source.close(); }
    source = new EventSource(body.getAttribute('data-events'));
    source.addEventListener('fragment', function (event) {
      heard();
      (api.onFragment || swap)(event.data, swap);
    });
    source.addEventListener('beat', function (event) {
      var beat = JSON.parse(event.data);
      heard();
      clockAhead = beat.unix_secs ? beat.unix_secs - Math.floor(Date.now() / 1000) : null;
      paintTime();
      // The kiosk came back with newer software: load it in a quiet moment.
      if (beat.software !== software && (!api.isQuiet || api.isQuiet())) { reload(); }
    });
    source.addEventListener('signed-out', function () {
      heard();
      if (api.onSignedOut) { api.onSignedOut(); }
    });
    source.onerror = function () {
      lost(true);
      // An answer that is no stream ends the browser's own tries.
      if (source.readyState === 2) { setTimeout(connect, 3000); }
    };
  }

  // A page that is given up while the kiosk is away would not come back: ask first.
  function reload() {
    var ask = new XMLHttpRequest();
    ask.open('GET', '/song');
    ask.timeout = 4000;
    ask.onload = function () {
      if (ask.status === 200) { location.reload(); }
    };
    ask.send();
  }

  // A cut that the browser does not notice.
  function watch() {
    if (Date.now() - lastHeard < SILENCE_MS) { return; }
    lost(true);
    reload();
  }

  if (body.getAttribute('data-events') && window.EventSource) {
    connect();
    setInterval(watch, 5000);
    setInterval(paintTime, 5000);
  }
  return api;
})();
