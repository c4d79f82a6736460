// Shows the log of one service as it grows: the gateway's stream where there is one, else the last lines every second.
"use strict";
(() => {
  const MOST = 5000, EVERY = 1500;
  const view = document.getElementById("log"), choice = document.getElementById("log-of"), said = document.getElementById("log-state");
  const gateway = document.body.dataset.gateway;
  let stream = null, timer = null, round = 0, last = "";

  const atEnd = () => view.scrollHeight - view.scrollTop - view.clientHeight < 24;
  const say = (text) => { if (said.textContent !== text) said.textContent = text; };
  const seenly = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
  function put(text, whole) {
    const stay = atEnd();
    if (whole) view.textContent = "";
    view.append(seenly(text));
    while (view.childNodes.length > MOST) view.firstChild.remove();
    if (stay) view.scrollTop = view.scrollHeight;
  }
  async function look(mine) {
    try {
      const answer = await fetch(`${view.dataset.path}${choice.value}/log`, { cache: "no-store", redirect: "manual" });
      if (mine !== round) return;
      if (answer.ok) {
        const text = await answer.text();
        if (text !== last) put(text, true);
        last = text;
        say(text ? "" : "It has said nothing yet.");
      } else say(answer.status === 404 ? "There is no log yet." : "The log cannot be read just now.");
    } catch { if (mine === round) say("Connection lost: the log may have gone on."); }
    if (mine === round) timer = setTimeout(() => (document.hidden ? wake(mine) : look(mine)), EVERY);
  }
  const wake = (mine) => { timer = setTimeout(() => (document.hidden ? wake(mine) : look(mine)), EVERY); };
  function listen(mine) {
    let opened = false;
    stream = new EventSource(`${gateway}/_zoe/logs/${choice.value}`, { withCredentials: true });
    const on = (kind, act) => stream.addEventListener(kind, (event) => { if (mine === round) act(event); });
    on("open", () => { opened = true; say(view.textContent ? "" : "It has said nothing yet."); });
    on("lines", (event) => { say(""); put(`${event.data}\n`); });
    on("failed", (event) => say(event.data));
    on("end", () => { stream.close(); say(view.textContent ? "The log has ended." : "It said nothing."); });
    on("error", () => {
      if (!opened) {
        stream.close();
        look(mine);
      } else if (stream.readyState !== EventSource.CLOSED) say("Connection lost: the log may have gone on.");
    });
  }
  function begin() {
    round += 1;
    clearTimeout(timer);
    if (stream) stream.close();
    view.textContent = last = "";
    if (!choice.value) return;
    if (gateway && window.EventSource) listen(round); else look(round);
  }
  choice.addEventListener("change", begin);
  addEventListener("pagehide", () => { if (stream) stream.close(); });
  begin();
})();
