// The charts of a comparison: minutes by incident over time, coverage over time, and how many were reached within how many minutes.
// All have one cursor, which the scrubber moves.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, beside, forks } = gc;
  if (!beside) return;
  const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
  const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false };
  const FULL = 0.985; // share of the minutes that an axis shows: one that took hours does not flatten the others
  const colours = () => ({ original: gc.colour("text-2"), baseline: gc.colour("cat-1"), fork: gc.colour("exercise") });
  const DASHES = { original: "dot", baseline: "dash", fork: "solid" };

  const quantile = (values, q) => values.length ? [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] : 0;
  const axis = (more) => ({ color: gc.colour("text-3"), gridcolor: gc.colour("line"), zeroline: false, fixedrange: true, tickfont: { size: 0.75 * rem() }, ...more });
  const time = () => axis({ type: "date", showgrid: false, range: [gc.local(beside.from), gc.local(beside.to)], tickformat: beside.to - beside.from > 2 * 86.4e6 ? "%m-%d" : "%H:%M", hoverformat: "%m-%d %H:%M", nticks: 7 });
  const cursor = () => ({ type: "line", xref: "x", yref: "paper", x0: gc.local(beside.t), x1: gc.local(beside.t), y0: 0, y1: 1, line: { color: gc.colour("focus"), width: 2 } });
  const layout = (more) => ({
    autosize: true, showlegend: false, hovermode: "closest", paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 2.8 * rem(), r: 0.6 * rem(), t: 0.5 * rem(), b: 1.7 * rem() },
    font: { family: getComputedStyle(document.body).fontFamily, color: gc.colour("text-2"), size: 0.8 * rem() },
    hoverlabel: { bgcolor: gc.colour("panel-2"), bordercolor: gc.colour("line-strong"), font: { color: gc.colour("text") } },
    ...more,
  });
  const courses = () => ["original", "baseline", "fork"].filter((name) => beside.found?.[beside.part]?.[name]?.n);
  function key(name, shown) {
    $(`fork-key-${name}`)?.replaceChildren(...shown.map((course) => el("span", { class: "fork-key-one", "data-course": course }, el("i", { "aria-hidden": "true" }), gc.t(`fork.course.${course}`))));
  }
  const put = (name, data, more) => window.Plotly.react($(`fork-chart-${name}`), data, layout(more), CONFIG);

  // --- minutes by incident -------------------------------------------------------------------------------------------------------
  function minutes() {
    const both = [beside.against, "fork"];
    const rows = beside.rows;
    const stem = { x: [], y: [] };
    for (const row of rows) {
      if (row.gained === null) continue;
      const x = gc.local(row.t);
      stem.x.push(x, x, null);
      stem.y.push(row.then, row.fork, null);
    }
    const many = rows.length > 300;
    const dots = (course, at) => {
      const shown = rows.filter((row) => at(row) !== null);
      return {
        type: "scatter", mode: "markers", x: shown.map((row) => gc.local(row.t)), y: shown.map(at), customdata: shown.map((row) => row.id),
        text: shown.map((row) => `${gc.clock(row.t, false)} ${beside.title(row)}<br>${gc.t(`fork.course.${course}`)}: ${forks.minutes(at(row))}`), hoverinfo: "text",
        marker: { color: colours()[course], size: many ? 5 : 8, opacity: many ? 0.7 : 1, symbol: course === "fork" ? "circle" : "circle-open" },
      };
    };
    const top = Math.max(5, quantile(rows.flatMap((row) => [row.then, row.fork]).filter((y) => y !== null), FULL) * 1.1);
    key("minutes", both);
    put("minutes", [
      { type: "scatter", mode: "lines", ...stem, hoverinfo: "skip", line: { color: gc.colour("line-strong"), width: many ? 1 : 2 } },
      dots(beside.against, (row) => row.then),
      dots("fork", (row) => row.fork),
    ], { xaxis: time(), yaxis: axis({ range: [0, top], nticks: 5, title: { text: gc.t("fork.chart.minutes.axis"), font: { size: 0.75 * rem() }, standoff: 4 } }), shapes: [cursor()] });
  }

  // --- coverage -------------------------------------------------------------------------------------------------------------------
  function coverage() {
    const found = beside.found.coverage;
    const line = (course) => {
      const points = found?.[course] ?? [];
      return points.length ? { type: "scatter", mode: "lines", x: points.map(([t]) => gc.local(gc.ms(t))), y: points.map(([, share]) => share), line: { shape: "hv", color: colours()[course], width: course === "fork" ? 2.5 : 2, dash: DASHES[course] }, hovertemplate: "%{y:.0%}<extra></extra>", name: course } : null;
    };
    const shown = ["original", "baseline", "fork"].filter(line);
    const host = $("panel-fork-coverage");
    const title = host.querySelector(".panel-title");
    title.removeAttribute("data-i18n");
    gc.set(title, gc.t("fork.chart.coverage", { n: gc.num(found?.minutes ?? 8) }));
    $("fork-chart-coverage").setAttribute("aria-label", title.textContent);
    host.classList.toggle("is-none", !shown.length);
    key("coverage", shown);
    if (!shown.length) return $("fork-chart-coverage").replaceChildren(el("p", { class: "empty", text: gc.t("fork.chart.coverage.none") }));
    const least = Math.min(...shown.flatMap((course) => line(course).y));
    put("coverage", shown.map(line), { xaxis: time(), yaxis: axis({ range: [Math.max(0, least - 0.08), 1.02], tickformat: ".0%", nticks: 4 }), shapes: [cursor()] });
  }

  // --- how many within how many minutes -----------------------------------------------------------------------------------------------
  /** Share of incidents reached within x minutes; those that nobody reached count, and keep the curve below 1. */
  function curve(rows, course) {
    const reached = rows.map((row) => row[course]).filter((m) => m !== null && m !== undefined).sort((a, b) => a - b);
    const x = [0];
    const y = [0];
    reached.forEach((m, i) => {
      x.push(m);
      y.push((i + 1) / rows.length);
    });
    return { x, y };
  }
  function shares() {
    const shown = courses();
    const counted = beside.counted();
    const upTo = counted.filter((row) => row.t <= beside.t);
    const whole = upTo.length === counted.length;
    const top = Math.max(5, quantile(counted.flatMap((row) => shown.map((course) => row[course])).filter((m) => m !== null && m !== undefined), 0.97));
    const line = (rows, course, faint) => ({ type: "scatter", mode: "lines", ...curve(rows, course), line: { shape: "hv", color: colours()[course], width: faint ? 1 : 2.5, dash: DASHES[course] }, opacity: faint ? 0.35 : 1, hovertemplate: "%{x:.1f}: %{y:.0%}<extra></extra>" });
    const level = (y) => ({ type: "line", xref: "paper", yref: "y", x0: 0, x1: 1, y0: y, y1: y, line: { color: gc.colour("line-strong"), width: 1, dash: "dot" } });
    key("share", shown);
    put("share", [...(whole ? [] : shown.map((course) => line(counted, course, true))), ...(upTo.length ? shown.map((course) => line(upTo, course, false)) : [])],
      { xaxis: axis({ range: [0, top], nticks: 6, title: { text: gc.t("fork.chart.within"), font: { size: 0.75 * rem() }, standoff: 2 } }), yaxis: axis({ range: [0, 1.02], tickformat: ".0%", tickvals: [0, 0.25, 0.5, 0.75, 0.9, 1] }), shapes: [level(0.5), level(0.9)], margin: { l: 2.8 * rem(), r: 0.6 * rem(), t: 0.5 * rem(), b: 2.6 * rem() } });
  }

  let pointed = null;
  function draw() {
    if (!window.Plotly || !$("fork-chart-minutes") || !beside.found) return;
    beside.t ??= beside.to;
    minutes();
    coverage();
    shares();
    const host = $("fork-chart-minutes");
    if (pointed === host) return;
    pointed = host;
    host.on("plotly_click", ({ points }) => {
      const id = points.find((point) => point.customdata)?.customdata;
      if (id) beside.open(id);
    });
  }
  let frame = 0;
  /** The cursor stands at another moment: the lines move at once, what is summed up to it at the next picture. */
  function moved() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      if (!beside.found || !window.Plotly) return;
      for (const name of ["minutes", "coverage"]) {
        const host = $(`fork-chart-${name}`);
        if (host?._fullLayout?.shapes?.length) window.Plotly.relayout(host, { "shapes[0].x0": gc.local(beside.t), "shapes[0].x1": gc.local(beside.t) });
      }
      shares();
    });
  }
  beside.listeners.push(draw);
  addEventListener("gridcommand-theme", draw);
  beside.moved = [...(beside.moved ?? []), moved];
})();
