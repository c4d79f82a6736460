// Keeps what a page shows true: asks for the page again when something has changed (the gateway's stream says so), or,
// without a stream, every second or so; puts in place what differs; says so when what is shown has grown old.
"use strict";
(() => {
  const FRESH = 2000, EVERY = 1000, GIVE_UP = 1800;
  const regions = () => [...document.querySelectorAll("[data-live]")];
  const often = document.querySelector("[data-often]") !== null;
  const banner = document.getElementById("stale");
  let seen = Date.now(), asked = 0, busy = false, dirty = true, tag = null, stream = null, trusted = true;

  // ---- times, in the reader's own words
  const two = (n) => String(n).padStart(2, "0");
  const clock = (t) => `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
  function span(seconds) {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s < 600 ? `${s % 60} s` : ""}`.trim();
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
  }
  function write(time) {
    const at = new Date(time.dateTime), past = (Date.now() - at) / 1000;
    const words = {
      ago: () => (past < 5 ? "just now" : `${span(past)} ago`),
      since: () => span(past),
      until: () => (past > 0 ? "any moment" : `in ${span(-past)}`),
      clock: () => clock(at),
    }[time.dataset.form];
    const text = words ? words() : at.toLocaleString();
    if (time.textContent !== text) time.textContent = text;
    if (!time.title) time.title = at.toLocaleString();
  }
  const tick = () => document.querySelectorAll("time[data-form]").forEach(write);

  // ---- putting in place what differs: what is focused, open or chosen stays so
  function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh.cloneNode(true));
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return undefined;
    }
    if (old.nodeName === "TIME" && old.dateTime === fresh.dateTime && old.dataset.form === fresh.dataset.form) return undefined;
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const known = new Map([...old.children].filter((one) => one.id).map((one) => [one.id, one]));
    [...fresh.childNodes].forEach((wanted, place) => {
      const here = old.childNodes[place], same = wanted.id && known.get(wanted.id);
      if (same && same !== here) old.insertBefore(same, here || null);
      if (old.childNodes[place]) morph(old.childNodes[place], wanted);
      else old.append(wanted.cloneNode(true));
    });
    while (old.childNodes.length > fresh.childNodes.length) old.lastChild.remove();
    return undefined;
  }
  function show(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const region of regions()) {
      const wanted = document.getElementById(region.id) && fresh.getElementById(region.id);
      if (wanted) morph(region, wanted);
    }
    tick();
    document.dispatchEvent(new Event("zoe:fresh"));
  }

  // ---- asking
  async function ask(path, headers) {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), GIVE_UP);
    try {
      return await fetch(path, { headers, cache: "no-store", redirect: "manual", signal: stop.signal });
    } finally {
      clearTimeout(timer);
    }
  }
  async function refresh() {
    dirty = false;
    const answer = await ask(location.href, tag ? { "If-None-Match": tag } : {});
    if (answer.type === "opaqueredirect" || answer.status === 404) { location.reload(); return; }
    if (answer.ok) {
      show(await answer.text());
      tag = answer.headers.get("ETag");
    }
    if (answer.ok || answer.status === 304) seen = Date.now(); else dirty = true;
  }
  async function prove() {
    trusted = false;
    trusted = (await ask(`${gateway}/_zoe/alive`)).ok;
    if (trusted) seen = Date.now(); else dirty = true;
  }
  async function look() {
    if (busy) return;
    busy = true;
    asked = Date.now();
    try {
      // While changes are told, it is enough to know that who tells them is there. One who was silent once is
      // trusted again when something is told.
      await (dirty || !told() ? refresh() : prove());
    } catch { dirty = true; } finally { busy = false; }
    if (dirty && told() && Date.now() - seen < FRESH) look();
  }
  function watch() {
    if (document.hidden) return;
    tick();
    const now = Date.now();
    if (now - asked >= EVERY) look();
    const old = now - seen > FRESH;
    if (old) banner.textContent = `Connection lost, showing the state of ${clock(new Date(seen))}.`;
    if (banner.hidden === old) banner.hidden = !old;
  }

  // ---- being told
  const gateway = document.body.dataset.gateway;
  const told = () => trusted && stream !== null && stream.readyState === EventSource.OPEN;
  const changed = () => { dirty = true; look(); };
  const heard = () => { trusted = true; changed(); };
  if (gateway && !often && window.EventSource) {
    stream = new EventSource(`${gateway}/_zoe/events`, { withCredentials: true });
    for (const kind of ["execution", "forgotten", "open"]) stream.addEventListener(kind, heard);
    addEventListener("pagehide", () => stream.close());
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) changed(); });
  tick();
  setInterval(watch, 250);
})();
