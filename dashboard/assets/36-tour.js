// The wall's tour: it drills by itself into the places most worth a look and says why. Any touch stops it. `tour=SECONDS` in
// the address is the tour, so a screen that starts again goes on with it.
(() => {
  "use strict";
  /** A rise is news from so many more, and by such a share of the window before. */
  const LEAST_MORE = 3;
  const LEAST_SHARE = 0.2;

  const most = (rows, figure) => rows.reduce((best, row) => (figure(row) > 0 && (!best || figure(row) > figure(best)) ? row : best), null);

  /**
   * Where to go from a ranking of areas ({code, count, before, open, silent}), each place once, the first reason wins: most
   * reported, risen most (where the window before is `comparable`), most open, silent.
   */
  const stops = (ranking, comparable = true) => {
    const rise = (row) => {
      const more = row.count - row.before;
      return comparable && more >= LEAST_MORE && more >= LEAST_SHARE * row.before ? more : 0;
    };
    const found = [
      ["busiest", most(ranking, (row) => row.count)],
      ["risen", most(ranking, rise)],
      ["waiting", most(ranking, (row) => row.open)],
      ["silent", most(ranking, (row) => row.silent)],
    ];
    const seen = new Set();
    return found
      .filter(([, row]) => row && !seen.has(row.code) && seen.add(row.code))
      .map(([why, row]) => ({ code: row.code, why, row }));
  };

  /** The busiest place of a ranking as a stop inside `town`, null when nothing was reported there. */
  const within = (ranking, town) => {
    const row = most(ranking, (it) => it.count);
    return row && { code: row.code, why: "within", row, town };
  };

  /** The newest incident of the ticker that is critical, open, placed, and younger than `young` ms at `now`. */
  const critical = (ticker, now, young, ms) => ticker.find((row) => row.severity === 1 && row.state !== "closed" && row.area && now - ms(row.opened ?? row.at) < young) ?? null;

  globalThis.gridcommandTour = { stops, within, critical };
  if (typeof document === "undefined") return;

  const gc = window.gc;
  const SHORTEST_S = 5;
  const USUAL_S = 20;
  const SAID_MS = 6_000;
  const YOUNG_MS = 120_000;
  let tour = null; // { home, plan, stop, since, told }

  const seconds = () => {
    if (gc.address?.page !== "/" || gc.address.error) return 0;
    const asked = Number(new URLSearchParams(location.search).get("tour"));
    return asked > 0 ? Math.max(SHORTEST_S, asked) : 0;
  };

  /** The caption over the map; made when it is first needed. */
  function caption() {
    const host = document.querySelector(".page-wall .map-host");
    if (!host) return null;
    let node = document.getElementById("tour");
    if (!node) {
      node = gc.el("div", { id: "tour", class: "tour", role: "status" }, gc.el("b", { class: "tour-label" }), gc.el("span", { class: "tour-why" }), gc.el("i", { class: "tour-left", "aria-hidden": "true" }));
      host.append(node);
    }
    return node;
  }

  function words(stop) {
    const view = { within: gc.windowWords.within(), earlier: gc.windowWords.before() };
    if (stop.why === "whole") {
      const k = gc.panel.kpis;
      const here = gc.address.focus.path.at(-1);
      return gc.t("tour.whole", { ...view, name: (here && gc.name(here)) || gc.t("region.all"), n: gc.num(k.reported), open: gc.num(k.open), urgent: gc.num(k.urgent_open) });
    }
    if (stop.why === "critical") return gc.t("tour.critical", { title: gc.title(stop.row), name: gc.name(stop.row, "area_name") });
    const { row } = stop;
    const figures = { n: gc.num(row.count), before: gc.num(row.before), more: gc.num(row.count - row.before), open: gc.num(row.open) };
    return gc.t(`tour.${stop.why}`, { ...view, ...figures, name: gc.name(row), town: stop.town ? gc.name(stop.town) : "" });
  }

  function say(stop, dwell) {
    const node = caption();
    if (!node) return;
    node.hidden = false;
    const [label, why, left] = node.children;
    gc.set(label, gc.t("tour.label"));
    gc.set(why, words(stop));
    node.title = why.textContent;
    const key = `${stop.code}${stop.why}`;
    if (left.dataset.key !== key) {
      left.dataset.key = key;
      left.style.animation = "none";
      void left.offsetWidth; // the bar begins anew
      left.style.animation = `tour-left ${dwell}s linear forwards`;
    }
  }

  function stop(touched) {
    tour = null;
    pressed();
    const node = document.getElementById("tour");
    if (!node) return;
    if (!touched) {
      node.hidden = true;
      return;
    }
    gc.set(node.children[1], gc.t("tour.stopped"));
    node.children[2].style.animation = "none";
    node.children[2].dataset.key = "";
    setTimeout(() => !tour && (node.hidden = true), SAID_MS);
  }

  const arrived = () => (gc.panel?.focus.code ?? null) === (tour.stop.code || "");

  function go(next, now) {
    tour.stop = next;
    tour.since = now;
    gc.navigate({ area: next.code, level: "" });
  }

  /** The next place: what the plan has, one step deeper from a stop of the plan, or home. */
  function onward(now) {
    const { stop: here } = tour;
    if (here.why === "whole") tour.plan = stops(gc.panel.ranking, Number.isFinite(gc.panel.kpis.reported_before));
    else if (arrived() && !["within", "critical"].includes(here.why) && here.why !== "silent") {
      const deeper = within(gc.panel.ranking, here.row);
      if (deeper) return go(deeper, now);
    }
    go(tour.plan.shift() ?? { code: tour.home, why: "whole" }, now);
  }

  function pressed() {
    document.getElementById("tour-button")?.setAttribute("aria-pressed", String(!!tour));
  }

  function tick() {
    const dwell = seconds();
    if (!dwell) {
      if (tour) stop(false);
      return;
    }
    if (!gc.panel || document.documentElement.hasAttribute("data-preparing")) return;
    const now = performance.now();
    // An incident's scene is on the wall: the tour waits, and goes on when it was left.
    if (gc.scene) {
      if (tour) tour.since = now;
      return;
    }
    if (!tour) {
      const home = gc.address.view.area ?? "";
      tour = { home, plan: [], stop: { code: home, why: "whole" }, since: now, told: new Set() };
      pressed();
    }
    const alarm = critical(gc.panel.ticker, gc.now(), YOUNG_MS, gc.ms);
    if (alarm && !tour.told.has(alarm.id)) {
      tour.told.add(alarm.id);
      go({ code: alarm.area, why: "critical", row: alarm }, now);
    } else if (now - tour.since > dwell * 1000) onward(now);
    if (arrived()) say(tour.stop, dwell);
  }
  setInterval(tick, 500);

  const touched = (event) => {
    if (!tour || gc.scene || event.target.closest?.("#tour-button")) return;
    if (event.type === "keydown" && ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    stop(true);
    gc.navigate({ tour: "" });
  };
  for (const kind of ["pointerdown", "wheel", "keydown"]) document.addEventListener(kind, touched, { capture: true, passive: true });

  gc.actions.tour = () => {
    if (tour) stop(true);
    gc.navigate({ tour: seconds() ? "" : USUAL_S });
  };
})();
