// SLA clocks as they are drawn: state by shape and word, the time left in words, ticking each second where they are seen.
// The states are those of `CaseClock.state` in data/casework.py.
(() => {
  "use strict";
  const gc = window.gc;
  const SHAPES = { running: "●", warning: "▲", overdue: "■", paused: "❚❚", met: "✓", missed: "✕", none: "" };

  /** 5 min 12 s, 2 h 05 min, 3 d 4 h: the two largest parts. */
  function span(ms) {
    const s = Math.floor(Math.abs(ms) / 1000);
    const two = (n) => String(n).padStart(2, "0");
    if (s < 3600) return gc.t("sla.ms", { m: Math.floor(s / 60), s: two(s % 60) });
    if (s < 172_800) return gc.t("sla.hm", { h: Math.floor(s / 3600), m: two(Math.floor(s / 60) % 60) });
    return gc.t("sla.dh", { d: Math.floor(s / 86_400), h: Math.floor(s / 3600) % 24 });
  }
  /** Being exactly on time is on time. `clock`: {due, warn (first moment), paused, stopped}, ms or null. */
  function state(clock, now) {
    if (clock.stopped) return clock.stopped <= clock.due ? "met" : "missed";
    if (clock.paused) return "paused";
    if (clock.due === null || clock.due === undefined) return "none";
    if (now > clock.due) return "overdue";
    return clock.warn !== null && clock.warn !== undefined && now >= clock.warn ? "warning" : "running";
  }
  function words(clock, is, now) {
    if (is === "none") return gc.t("sla.none");
    if (is === "paused" || is === "met") return gc.t(`sla.${is}`);
    if (is === "missed") return gc.t("sla.missed", { span: span(clock.stopped - clock.due) });
    return gc.t(is === "overdue" ? "sla.over" : "sla.left", { span: span(clock.due - now) });
  }
  /** Share of the time that is gone, 0 to 1; from when it started, or else from when the incident was opened. */
  const gone = (clock, is, now) => {
    if (is === "none") return 0;
    if (is === "overdue" || is === "missed") return 1;
    const end = clock.stopped ?? now;
    return Math.min(1, Math.max(0, (end - clock.from) / Math.max(1, clock.due - clock.from)));
  };
  function draw(node, now = gc.now()) {
    const clock = node.gcClock;
    const is = state(clock, now);
    if (node.dataset.state !== is) {
      node.dataset.state = is;
      gc.set(node.firstChild, SHAPES[is]);
    }
    gc.set(node.children[1], words(clock, is, now));
    node.lastChild.firstChild.style.transform = `scaleX(${gone(clock, is, now).toFixed(3)})`;
  }
  gc.sla = {
    state, span, draw,
    /** An element that shows a clock and keeps showing it. */
    node: (clock) => {
      const node = gc.el("span", { class: "sla" }, gc.el("i", { class: "sla-shape", "aria-hidden": "true" }), gc.el("b", { class: "sla-words num" }), gc.el("span", { class: "sla-bar", "aria-hidden": "true" }, gc.el("i")));
      node.gcClock = clock;
      draw(node);
      return node;
    },
    change: (node, clock) => {
      node.gcClock = clock;
      draw(node);
    },
  };
  /** Only what is on the page is drawn: a table of thousands has some twenty rows there. */
  const beat = () => {
    if (!document.hidden) {
      const now = gc.now();
      for (const node of document.getElementsByClassName("sla")) draw(node, now);
      gc.desk?.queue?.beat(now);
    }
    setTimeout(beat, Math.max(250, 1000 - (gc.now() % 1000)));
  };
  beat();
})();
