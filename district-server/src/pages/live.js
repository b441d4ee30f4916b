// Refreshes <main> of a live page when the server says so, and every minute in any case. Written for old browsers.
(function () {
  "use strict";
  var main = document.getElementById("main");
  if (!main || !main.hasAttribute("data-live")) { return; }
  function refresh() {
    var request = new XMLHttpRequest();
    request.open("GET", location.href);
    request.onload = function () {
      if (request.status !== 200) { return; }
      var fresh = new DOMParser().parseFromString(request.responseText, "text/html").getElementById("main");
      if (fresh && fresh.hasAttribute("data-live")) { main.innerHTML = fresh.innerHTML; } else { location.reload(); }
    };
    request.send();
  }
  if (window.EventSource) { new EventSource("/live").onmessage = refresh; }
  setInterval(refresh, 60000);
}());
