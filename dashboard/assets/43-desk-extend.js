// What an extension would move, said before it is granted: which clocks, from when to when, and that nobody else is asked.
// The server counts, by each clock's own calendar, as it will when the move is made.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el } = gc;
  const WAIT_MS = 250; // while the length is still being written
  const AGAIN_MS = 5000; // after an answer that did not come
  const found = new Map(); // clock's calendar, deadline and length -> {due, warnings}, or {error} where it is refused
  const failed = new Map(); // the same -> {error, at} of the last time that the server could not say
  let asking = 0;

  const running = (life) => (life.case?.clocks ?? []).filter((clock) => !clock.paused_at && !clock.stopped_at);
  const key = (clock, span) => `${clock.calendar} ${clock.due} ${span}`;

  async function count(clock, span) {
    const query = new URLSearchParams({ start: clock.due, span });
    const of = key(clock, span);
    try {
      found.set(of, await gc.api(`/calendars/${encodeURIComponent(clock.calendar)}/deadline?${query}`));
    } catch (error) {
      if (error.status >= 400 && error.status < 500) found.set(of, { error: error.message });
      else failed.set(of, { error: error.message, at: performance.now() });
    }
  }
  function line(life, clock, answer) {
    const name = el("span", { text: desk.names.clock(life.case.workflow, clock.id) });
    if (answer?.error) return el("li", { class: "extends-row" }, name, el("span", { text: answer.error }));
    const doubts = (answer?.warnings ?? []).map(desk.both).join(" ");
    return el("li", { class: "extends-row" }, name, el("span", { class: "num" },
      el("s", { text: desk.time(gc.ms(clock.due)) }), " → ", el("b", { text: answer ? desk.time(gc.ms(answer.due)) : "…" }), doubts ? el("sup", { class: "clock-doubt", text: "※", title: doubts }) : null));
  }
  function fill(host, life, span) {
    const clocks = running(life);
    const lines = clocks.map((clock) => line(life, clock, span ? found.get(key(clock, span)) ?? failed.get(key(clock, span)) : null));
    const words = lines.map((it) => it.textContent).join();
    if (host.dataset.words !== words) host.firstChild.replaceChildren(...lines); // the same again is not said again
    host.dataset.words = words;
    const missing = span ? clocks.filter((clock) => !found.has(key(clock, span))) : [];
    clearTimeout(asking);
    if (!missing.length) return;
    // Whatever draws the form anew: a server that is away, or cannot say, is not asked again before its time.
    const due = missing.map((clock) => (failed.get(key(clock, span))?.at ?? -Infinity) + AGAIN_MS - performance.now());
    asking = setTimeout(async () => {
      await Promise.all(missing.map((clock) => count(clock, span)));
      if ($("move-extends") === host && host.dataset.span === span) fill(host, life, span);
    }, Math.max(WAIT_MS, ...due));
  }

  desk.extension = {
    /** The part of the form; `span` is the length as it stands in it, "" while it is none. */
    part: (life, span, who) => {
      const host = el("div", { id: "move-extends", class: "extends", role: "status", "data-span": span }, el("ul"), el("p", { class: "part-hint", text: gc.t("desk.extend.who", { roles: who }) }));
      host.gcSpan = (now) => {
        host.dataset.span = now;
        fill(host, desk.life, now);
      };
      fill(host, life, span);
      return host;
    },
    /** The length is another one now. */
    changed: (span) => $("move-extends")?.gcSpan(span),
  };
})();
