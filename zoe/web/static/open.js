// Leaves the waiting page by itself: for the web interface as soon as its service runs, or for the details.
"use strict";
(() => {
  let gone = false;
  function leave() {
    const way = document.getElementById("way") || document.querySelector("[data-instead]");
    if (gone || !way) return;
    gone = true;
    location.replace(way.href);
  }
  document.addEventListener("zoe:fresh", leave);
  leave();
})();
