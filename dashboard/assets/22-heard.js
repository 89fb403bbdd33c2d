// The map for those who hear it: where it is, how much is open, where most was reported, who is free. The canvas is described
// by it; it is said aloud when a person chose another place, window or language, not with each frame.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const WRITE_MS = 10_000; // between two of the same view: who reads it is not to have it changed under the finger
  const CLOSED = 3; // state of a row of the map

  /** How many of each priority stand on the map, which draws all of the region; "" where it draws none. */
  function drawn(map) {
    const { table } = map.incidents;
    if (!gc.address.view.layers.includes("incidents") || !table) return "";
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < table.n; i++) if (table.cols.state[i] !== CLOSED) counts[table.cols.severity[i]] += 1;
    const list = counts.flatMap((n, severity) => (n ? [gc.t("heard.drawn.of", { n: gc.num(n), priority: gc.t(`severity.${severity}`).toLowerCase() })] : []));
    return list.length ? gc.t("heard.drawn", { list: list.join(gc.lang === "zh" ? "、" : ", ") }) : "";
  }
  function sentence(panel, map) {
    const { kpis, ranking = [] } = panel;
    const { focus, view } = gc.address;
    const place = gc.name(focus.path.at(-1) ?? {}) || gc.t("region.all");
    const top = ranking[0];
    const whole = focus.path.length < 2; // cells and incidents beyond an area in focus are drawn too
    const legend = map?.legend();
    const at = gc.clock(gc.now(), false);
    const facts = [
      gc.t("heard.open", { n: gc.num(kpis.open), urgent: gc.num(kpis.urgent_open) }),
      map && whole ? drawn(map) : "",
      gc.t("heard.reported", { n: gc.num(kpis.reported), within: gc.windowWords.within() }),
      top?.count ? gc.t("heard.most", { name: gc.name(top), n: gc.num(top.count) }) : "",
      whole && legend?.of === "cell" && !view.compare && legend.form !== "smooth" && legend.max > 0 ? gc.t("heard.cell", { n: gc.num(legend.max) }) : "",
      gc.t("heard.units", { n: gc.num(kpis.units_available), all: gc.num(kpis.units) }),
      gc.boot.past ? gc.t("heard.past", { at: gc.minute(gc.now()) }) : gc.t("heard.at", { at }),
    ].filter(Boolean);
    return gc.lang === "zh" ? `${place}：${facts.join("；")}。` : `${place}: ${facts.join("; ")}.`;
  }

  let said = ""; // the view and language that were said last
  let written = { view: "", at: -Infinity };
  let stale = { of: "", panel: null }; // the last panel of the view before: it does not say what was chosen now
  gc.hear = (panel) => {
    const host = $("map");
    if (!$("map-facts") || !host || !panel?.kpis) return;
    host.querySelector("canvas.maplibregl-canvas")?.setAttribute("aria-describedby", "map-facts");
    const { focus, view } = gc.address;
    const of = JSON.stringify([focus.code, view.window, view.measure, view.compare, view.severity, view.category]);
    if (of !== stale.of) stale = { of, panel: stale.of ? panel : null };
    if (panel === stale.panel) return;
    const chosen = of + gc.lang;
    const now = performance.now();
    if (chosen === written.view && now - written.at < WRITE_MS) return;
    written = { view: chosen, at: now };
    const words = sentence(panel, host.gridmap);
    gc.set($("map-facts"), words);
    if (said && said !== chosen) gc.set($("map-heard"), words);
    said = chosen;
  };
})();
