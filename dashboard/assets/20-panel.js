// The stream's panel object as KPIs, bars, ranking, ticker and feed health. Rows keep their elements.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  const SHAPES = { 1: "◆", 2: "▲", 3: "●", 4: "○" };

  gc.severity = (level) =>
    el("span", { class: `sev sev-${level}` }, el("i", { "aria-hidden": "true", text: SHAPES[level] ?? "●" }), gc.t(`severity.${level}`));
  gc.state = (code) => el("span", { class: `state state-${code}`, text: gc.word("state", code) });

  function kpis(k) {
    for (const node of document.querySelectorAll("[data-kpi]")) gc.count(node, k[node.dataset.kpi]);
    // The window before begins earlier than anything known: there is nothing to compare with.
    const comparable = Number.isFinite(k.reported_before);
    const change = k.reported_before ? (k.reported - k.reported_before) / k.reported_before : null;
    const note = $("kpi-reported-note");
    if (note) {
      // From nothing there is no percentage: the difference itself is said.
      const more = change ?? k.reported;
      const arrow = Math.abs(more) < 0.005 ? "＝" : more > 0 ? "▲" : "▼";
      const share = change === null ? gc.num(k.reported) : gc.percent(Math.abs(change));
      const by = k.before ? gc.signed(k.reported - k.reported_before) : share;
      const was = k.before ? `${gc.num(k.reported_before)} · ${share}` : gc.num(k.reported_before);
      if (!comparable) set(note, gc.t("kpi.incomparable"));
      else set(note, `${arrow} ${by}\n${gc.t("kpi.before", { before: gc.windowWords.before() })}\n${was}`);
    }
    for (const name of ["open", "urgent_open", "closed"]) {
      const was = k.before?.[name];
      const note = $(`kpi-${name}-note`);
      set(note, was === undefined ? "" : gc.signed(k[name] - was));
      if (note) note.title = was === undefined ? "" : `${gc.t("kpi.before", { before: gc.windowWords.before() })}${gc.lang === "zh" ? "：" : ": "}${gc.num(was)}`;
    }
    const of = (id, n) => set($(`kpi-${id}-note`), n ? gc.t("kpi.of", { n: gc.num(n) }) : gc.t("kpi.none"));
    of("units_available", k.units);
    if (k.units_busy) set($("kpi-units_available-note"), `${gc.t("kpi.of", { n: gc.num(k.units) })} · ${gc.t("kpi.busy", { n: gc.num(k.units_busy) })}`);
    of("cameras_online", k.cameras);
    of("areas_silent", k.areas);
    document.querySelector(".kpi-silent")?.classList.toggle("is-silent", k.areas_silent > 0);
    document.querySelector(".kpi-urgent")?.classList.toggle("is-some", k.urgent_open > 0);
  }

  function bar(node, share) {
    node.style.setProperty("--share", share.toFixed(4));
  }

  function categories(rows) {
    const host = $("categories");
    if (!host) return;
    host.classList.remove("skeleton");
    const chosen = gc.address.view.category;
    if ($("category-clear")) $("category-clear").hidden = !chosen;
    const shown = rows.filter((row) => row.count > 0 || row.code === chosen);
    if (!shown.length) return gc.empty(host, "empty.categories");
    const most = Math.max(...shown.map((row) => row.count), 1);
    const total = shown.reduce((sum, row) => sum + row.count, 0) || 1;
    keyed(
      host,
      shown,
      (row) => row.code || "·other",
      () =>
        el("li", { class: "bar-row" }, el("button", { type: "button", class: "bar" },
          el("span", { class: "bar-name" }), el("span", { class: "bar-count num" }), el("span", { class: "bar-share num" }))),
      (node, row) => {
        const button = node.firstChild;
        const [name, count, share] = button.children;
        set(name, row.code ? gc.name(row) : gc.t("categories.other"));
        name.title = name.textContent;
        set(count, gc.num(row.count));
        set(share, gc.percent(row.count / total));
        bar(button, row.count / most);
        button.disabled = !row.code;
        button.dataset.nav = `category=${encodeURIComponent(row.code === chosen ? "" : row.code)}`;
        button.setAttribute("aria-pressed", String(!!row.code && row.code === chosen));
      },
    );
  }

  function ranking(rows, finest) {
    const host = $("ranking");
    if (!host) return;
    host.classList.remove("skeleton");
    $("panel-ranking").hidden = finest;
    if (!rows.length) return gc.empty(host, "empty.ranking");
    const { compare, measure } = gc.address.view;
    // Where differences are shown, they and what differs stand in the place of reported and open.
    const open = compare && measure === "open";
    const heads = [open ? "ranking.open" : "ranking.count", compare ? "ranking.change" : "ranking.open"];
    [...document.querySelectorAll("#panel-ranking .rank-head > *")].forEach((head, i) => {
      head.dataset.i18n = heads[i];
      set(head, gc.t(heads[i]));
    });
    const figure = (row) => (open ? row.open : row.count);
    const change = (row) => (gc.panel.kpis.before ? gc.signed(open ? row.open - row.open_before : row.count - row.before) : "–");
    const most = Math.max(...rows.map(figure), 1);
    keyed(
      host,
      rows,
      (row) => row.code,
      () =>
        el("li", { class: "rank-row" }, el("button", { type: "button", class: "bar" },
          el("span", { class: "rank-no num" }), el("span", { class: "bar-name" }), el("span", { class: "rank-silent" }),
          el("span", { class: "bar-count num" }), el("span", { class: "rank-open num" }))),
      (node, row, i) => {
        const button = node.firstChild;
        const [no, name, silent, count, last] = button.children;
        set(no, i + 1);
        set(name, gc.name(row));
        set(silent, row.silent ? gc.t("panel.silent.short") : "");
        set(count, gc.num(figure(row)));
        set(last, compare ? change(row) : gc.num(row.open));
        button.classList.toggle("is-silent", !!row.silent);
        button.dataset.nav = `area=${encodeURIComponent(row.code)}`;
        button.title = `${gc.name(row)} · ${gc.t("ranking.hint")}`;
        bar(button, figure(row) / most);
      },
    );
  }

  function ticker(rows) {
    const host = $("ticker");
    if (!host) return;
    const filled = !host.classList.contains("skeleton");
    host.classList.remove("skeleton");
    if (!rows.length) return gc.empty(host, "empty.ticker");
    keyed(
      host,
      rows,
      (row) => row.id,
      (row) =>
        el("li", { class: filled ? "tick is-new" : "tick" },
          el("button", { type: "button", "data-action": `incident:${row.id}` },
            el("time", { class: "tick-time num" }), el("span", { class: "tick-sev" }), el("span", { class: "tick-title" }),
            el("span", { class: "tick-area" }), el("span", { class: "tick-state" }))),
      (node, row) => {
        const words = gc.title(row);
        const seen = `${gc.lang}${row.severity}${row.state}${words}${row.opened ?? row.at}`;
        if (node.dataset.seen === seen) return;
        node.dataset.seen = seen;
        const [time, sev, title, area, state] = node.firstChild.children;
        set(time, gc.clock(gc.ms(row.opened ?? row.at), false));
        sev.replaceChildren(gc.severity(row.severity));
        set(title, words);
        title.title = words;
        set(area, gc.name(row, "area_name") || "—");
        state.replaceChildren(gc.state(row.state));
      },
    );
  }

  function feeds(rows) {
    const host = $("feeds");
    if (!host) return;
    host.classList.remove("skeleton");
    if (!rows.length) gc.empty(host, "empty.feeds");
    else
      keyed(
        host,
        [...rows].sort((a, b) => (a.state === "ok") - (b.state === "ok")),
        (row) => row.id,
        () =>
          el("li", { class: "feed" }, el("span", { class: "feed-dot", "aria-hidden": "true" }), el("span", { class: "feed-name" }),
            el("span", { class: "feed-state" }), el("span", { class: "feed-age num" }), el("span", { class: "feed-rhythm num" })),
        (node, row) => {
          const [, name, state, age, rhythm] = node.children;
          node.dataset.state = row.state;
          node.dataset.feed = row.id;
          const unnamed = (!row.name || row.name === row.id) && gc.has(`feed.of.${row.id}`);
          set(name, unnamed ? gc.t(`feed.of.${row.id}`) : gc.name(row).trim() || row.id);
          name.title = `${name.textContent}${row.simulated ? ` · ${gc.t("feed.simulated")}` : ""}`;
          const old = row.age_s === null || row.age_s === undefined ? "" : gc.age(row.age_s);
          const bad = row.rejected ? `${gc.t("feed.rejected", { n: gc.num(row.rejected) })} · ` : "";
          state.replaceChildren(gc.el("span", { class: "feed-bad", text: bad }), row.state === "silent" ? gc.t("feed.silent", { age: old }) : gc.t(`feed.${row.state}`));
          state.title = state.textContent;
          set(age, row.state === "ok" ? old : "");
          set(rhythm, row.rhythm_s ? gc.t("feed.rhythm", { rhythm: gc.age(row.rhythm_s) }) : "");
        },
      );
  }

  function silence(silent, known) {
    const host = $("silent");
    if (!host) return;
    host.classList.remove("skeleton");
    set($("silent-total"), silent.total ? gc.num(silent.total) : "");
    if (!silent.total) return gc.empty(host, known ? "empty.silent" : "empty.silent.unknown");
    keyed(
      host,
      silent.areas,
      (area) => area.code,
      () => el("li", {}, el("button", { type: "button", class: "silent-area" }, el("span", { class: "silent-name" }), el("span", { class: "silent-age num" }))),
      (node, area) => {
        const [name, age] = node.firstChild.children;
        node.firstChild.dataset.nav = `area=${encodeURIComponent(area.code)}`;
        set(name, gc.name(area));
        name.title = name.textContent;
        set(age, area.age_s === null || area.age_s === undefined ? gc.t("silent.never") : gc.age(area.age_s));
      },
    );
  }

  function place(panel, finest) {
    const box = $("place");
    if (!box) return;
    box.hidden = !finest;
    if (!finest) return;
    const fill = (id, rows, empty, sign) => {
      const host = $(id);
      host.classList.remove("skeleton");
      if (!rows.length) return gc.empty(host, empty);
      keyed(
        host,
        rows,
        (row) => row.id,
        () => el("li", { class: "roster-row" }, el("span", { class: "roster-name" }), el("span", { class: "roster-kind" }), el("span", { class: "roster-sign" })),
        (node, row) => {
          const [name, kind, state] = node.children;
          set(name, gc.name(row) || row.id);
          set(kind, gc.word("kind", row.kind));
          const [code, words] = sign(row);
          state.className = `roster-sign status-${code}`;
          set(state, words);
        },
      );
    };
    fill("roster", panel.roster, "empty.roster", (row) => [row.status, gc.word("status", row.status)]);
    fill("sites", panel.sites, "empty.sites", (row) => [row.online ? "online" : "offline", gc.t(row.online ? "camera.online" : "camera.offline")]);
  }

  function notice(panel) {
    const node = $("notice");
    if (!node) return;
    const words = panel.notice ? panel.notice[gc.lang] || panel.notice.zh : panel.simulated ? gc.t("feed.simulated") : "";
    node.hidden = !words;
    set(node, words);
    node.title = words;
  }

  gc.renderPanel = (panel) => {
    const finest = gc.address.focus.finest;
    kpis(panel.kpis);
    categories(panel.categories);
    ranking(panel.ranking, finest);
    ticker(panel.ticker);
    feeds(panel.feeds);
    silence(panel.silent, panel.feeds.length > 0);
    // Without a feed nothing says what is silent: that is unknown, not zero.
    if (!panel.feeds.length) {
      gc.count($("kpi-areas_silent"), null);
      set($("kpi-areas_silent-note"), gc.t("kpi.unknown"));
    }
    place(panel, finest);
    notice(panel);
    legend();
    gc.renderDays();
    gc.cues();
  };

  // --- the legend: what the map says it draws ---------------------------------------------------------------------
  const CELL_KM2 = { 5: 253, 6: 36, 7: 5.2, 8: 0.74, 9: 0.11, 10: 0.015 }; // H3's mean areas
  let drawn = null;
  let sun = null;
  gc.showLegend = (stats) => {
    drawn = stats?.legend ?? drawn;
    sun = stats?.sun;
    legend();
  };
  /** Whether it is day where the map looks, and when the sun rises and sets on the day shown. */
  function sunlight() {
    const host = $("legend-sun");
    host.hidden = !sun;
    if (!sun) return;
    const phase = gc.t(`sun.${sun.phase}`);
    set(host, sun.rise === null ? phase : gc.t("sun.times", { phase, rise: gc.clock(sun.rise, false), set: gc.clock(sun.set, false) }));
  }
  function legend() {
    const ramp = $("legend-ramp");
    if (!ramp || !drawn || !gc.address) return;
    const measure = gc.t(`measure.${gc.address.view.measure}`);
    const area = CELL_KM2[drawn.res];
    const differs = drawn.scale === "difference";
    const before = gc.windowWords.before();
    const smooth = drawn.form === "smooth" && drawn.of === "cell";
    $("legend-form").hidden = !differs || (drawn.of !== "cell" && drawn.form !== "areas");
    set($("legend-form"), gc.t(gc.panel?.kpis.before === null ? "kpi.incomparable" : `legend.form.${drawn.form}`));
    sunlight();
    if (differs) set($("legend-title"), gc.t(`legend.change.${smooth ? "smooth" : drawn.of}`, { measure, area, before }));
    else if (smooth) set($("legend-title"), gc.t("legend.smooth", { measure, area }));
    else set($("legend-title"), drawn.of === "cell" ? gc.t(area ? "legend.cell" : "legend.heat", { measure, area }) : gc.t("legend.area", { measure }));
    const stops = drawn.stops;
    const rounded = (n) => (Math.abs(n) < 10 ? Math.round(n * 10) / 10 : Math.round(n));
    const max = rounded(stops.at(-1).value);
    const look = `linear-gradient(90deg, ${stops.map((stop) => stop.colour).join(", ")})`;
    if (ramp.dataset.look !== look) {
      ramp.dataset.look = look;
      ramp.style.backgroundImage = look;
    }
    // As high at each count as a column of it, against the tallest.
    const tall = stops.some((stop) => stop.height > 0);
    const outline = stops.map((stop, i) => `${(100 * i) / (stops.length - 1)}% ${(100 - 12 - 88 * (stop.height ?? 0)).toFixed(1)}%`);
    ramp.classList.toggle("tall", tall);
    ramp.style.clipPath = tall ? `polygon(0 100%, ${outline.join(", ")}, 100% 100%)` : "";
    // The colours grow with the root of the count: a number stands where its colour is.
    const middle = Math.round(max / 4);
    const ticks = differs ? [-max, 0, max] : [...new Set([drawn.of === "cell" && !smooth ? 1 : 0, ...(middle > 1 && middle < max ? [middle] : []), max])];
    keyed($("legend-ticks"), ticks, (n, i) => n, () => el("span", { class: "num" }), (node, n) => {
      set(node, differs ? gc.signed(n) : gc.num(n));
      node.style.left = `${differs ? 50 + 50 * Math.sign(n) : (Math.sqrt(Math.min(1, n / max)) * 100).toFixed(1)}%`;
    });
  }

  // --- the trend, drawn by Plotly: constant layout, new data ----------------------------------------------------
  const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
  /** `comparable`: whether there is a window before to compare with; without one its line is left out. */
  gc.trendFigure = (trend, comparable = true) => {
    const x = trend.t.map(gc.local);
    const before = comparable ? trend.before ?? [] : [];
    const most = Math.max(0, ...trend.reported, ...before, ...trend.closed);
    const line = (y, name, colour, dash, width) => ({
      type: "scatter", mode: "lines", x, y, name, line: { color: colour, width, dash }, hovertemplate: "%{y}",
    });
    const said = { now: gc.windowWords.now(), before: gc.windowWords.before().replace(/^./, (letter) => letter.toUpperCase()), closed: gc.t("trend.closed") };
    const axis = { color: gc.colour("text-3"), gridcolor: gc.colour("line"), zeroline: false, fixedrange: true, tickfont: { size: 0.75 * rem() } };
    const long = trend.bin_s * trend.t.length > 2 * 86400;
    const legend = $("trend-legend");
    if (legend)
      legend.replaceChildren(
        ...[["now", "bar"], ...(before.length ? [["before", "dash"]] : []), ["closed", "line"]].map(([key, kind]) =>
          el("span", { class: `key key-${kind}` }, el("i", { "aria-hidden": "true" }), said[key])),
      );
    return {
      data: [
        { type: "bar", x, y: trend.reported, name: said.now, marker: { color: gc.colour("accent"), opacity: 0.75, line: { width: 0 } }, hovertemplate: "%{y}" },
        ...(before.length ? [line(before, said.before, gc.colour("text-2"), "dot", 1.5)] : []),
        line(trend.closed, said.closed, gc.colour("good"), "solid", 2),
      ],
      layout: {
        uirevision: "keep", autosize: true, showlegend: false, bargap: 0.25, hovermode: "x unified",
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        margin: { l: 2.4 * rem(), r: 0.4 * rem(), t: 0.4 * rem(), b: 1.6 * rem() },
        font: { family: getComputedStyle(document.body).fontFamily, color: gc.colour("text-2"), size: 0.8 * rem() },
        hoverlabel: { bgcolor: gc.colour("panel-2"), bordercolor: gc.colour("line-strong"), font: { color: gc.colour("text") } },
        xaxis: { ...axis, type: "date", showgrid: false, tickformat: long ? "%m-%d" : "%H:%M", hoverformat: "%m-%d %H:%M", nticks: 7 },
        yaxis: { ...axis, rangemode: "tozero", tickformat: ",d", ...(most < 5 ? { dtick: 1, range: [0, Math.max(most, 1) * 1.08] } : { nticks: 4 }) },
      },
    };
  };

  const CONFIG = { displayModeBar: false, scrollZoom: false };
  let plot = null;
  const fit = new ResizeObserver(() => requestAnimationFrame(() => plot?.isConnected && plot.clientWidth && window.Plotly.Plots.resize(plot)));
  /** Draws a figure in a host, again with another figure, and as large as the host is. */
  gc.drawTrend = (host, { data, layout }) => {
    if (!window.Plotly) return;
    if (plot?.parentNode !== host) {
      fit.disconnect();
      if (plot) window.Plotly.purge(plot);
      host.append((plot = el("div", { class: "trend-plot" })));
      fit.observe(host);
    }
    window.Plotly.react(plot, data, layout, CONFIG);
  };
})();
