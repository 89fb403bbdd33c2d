// The last seven days as seven little maps under the map: one scale for all, each with its total; a click opens that day again.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  let outlines = { key: "", box: null, paths: new Map() };

  gc.actions.days = () => gc.navigate({ days: gc.address.view.days ? "" : 1 });

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return Array.from({ length: 9 }, (_, i) => style.getPropertyValue(`--heat-${i}`).trim());
  };

  /** The shown areas as paths in degrees, longitude shortened as far north as they lie; made once for a set of areas. */
  function shapes(codes) {
    const areas = $("map")?.gridmap?.areas;
    if (!areas || !codes.length || !areas.has(codes[0])) return null;
    const key = codes.join();
    if (outlines.key === key) return outlines;
    const all = codes.map((code) => [code, areas.polygons(code)]);
    const points = all.flatMap(([, polygons]) => polygons.flat(2));
    const [west, east] = points.reduce(([low, high], [lon]) => [Math.min(low, lon), Math.max(high, lon)], [180, -180]);
    const [south, north] = points.reduce(([low, high], [, lat]) => [Math.min(low, lat), Math.max(high, lat)], [90, -90]);
    const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
    const paths = new Map(all.map(([code, polygons]) => {
      const path = new Path2D();
      for (const ring of polygons.flat()) {
        ring.forEach(([lon, lat], i) => path[i ? "lineTo" : "moveTo"]((lon - west) * narrow, north - lat));
        path.closePath();
      }
      return [code, path];
    }));
    return (outlines = { key, box: [(east - west) * narrow, north - south], paths });
  }

  /** A colour of the scale, between its nine stops as well. */
  function colour(ramp, t) {
    const low = Math.min(7, Math.floor(t * 8));
    return `color-mix(in srgb, ${ramp[low + 1]} ${((t * 8 - low) * 100).toFixed(1)}%, ${ramp[low]})`;
  }

  function paint(canvas, drawn, codes, counts, max, ramp) {
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    const scale = Math.min(width / drawn.box[0], height / drawn.box[1]) * 0.96;
    pen.setTransform(scale * ratio, 0, 0, scale * ratio, ((width - drawn.box[0] * scale) / 2) * ratio, ((height - drawn.box[1] * scale) / 2) * ratio);
    pen.lineWidth = 0.7 / scale;
    pen.strokeStyle = gc.colour("bg");
    codes.forEach((code, i) => {
      const path = drawn.paths.get(code);
      // The same root as on the map: a share of the largest count of all seven days.
      pen.fillStyle = counts.length ? colour(ramp, Math.sqrt(counts[i] / max)) : gc.colour("panel-2");
      pen.fill(path, "evenodd");
      pen.stroke(path);
    });
  }

  const named = (ms, how) => new Intl.DateTimeFormat(gc.lang === "zh" ? "zh-CN" : "en-GB", { timeZone: gc.boot.timezone, ...how }).format(ms);

  gc.renderDays = () => {
    const told = gc.address.view.days && gc.panel?.days;
    const map = document.querySelector(".map-host");
    let strip = $("days");
    if (!told || !map) {
      $("days-said")?.remove();
      return void strip?.remove();
    }
    if (!strip) map.append((strip = el("ol", { id: "days", class: "days" })));
    strip.setAttribute("aria-label", gc.t("days.title"));
    const drawn = shapes(told.codes);
    const max = Math.max(1, ...told.days.flatMap((day) => day.counts));
    const ramp = colours();
    const measure = gc.t(`measure.${gc.address.view.measure}`);
    keyed(strip, told.days, (day) => day.date,
      () => el("li", { class: "day" }, el("button", { type: "button" }, el("canvas", { "aria-hidden": "true" }), el("span", { class: "day-name" }), el("b", { class: "day-total num" }))),
      (node, day, i) => {
        const button = node.firstChild;
        const [canvas, name, total] = button.children;
        set(name, i === told.days.length - 1 ? gc.t("window.today") : named(day.from, { weekday: "short", month: "numeric", day: "numeric" }));
        set(total, day.total === null ? gc.t("kpi.unknown") : gc.num(day.total));
        button.dataset.action = `day:${day.date}`;
        button.title = gc.t("days.open", { day: named(day.from, { dateStyle: "long" }), measure, n: total.textContent });
        button.setAttribute("aria-label", button.title);
        const seen = [drawn?.key, day.counts, max, canvas.clientWidth, gc.address.view.measure, document.documentElement.dataset.theme].join();
        if (!drawn || canvas.dataset.seen === seen) return;
        canvas.dataset.seen = seen;
        paint(canvas, drawn, told.codes, day.counts, max, ramp);
      });
  };
  // Outlines may come after the figures, and sizes change: once a second costs a comparison of texts.
  setInterval(() => gc.address?.view.days && gc.panel && gc.renderDays(), 1000);

  const refuse = (error) => {
    $("days-said")?.remove();
    $("days")?.before(el("p", { id: "days-said", class: "refusal days-said", role: "alert", text: error.message }));
  };
  gc.actions.day = async (date) => {
    const day = gc.panel?.days?.days.find((it) => it.date === date);
    if (!day) return;
    const replay = gc.replays;
    const last = Math.min(day.to - 1, replay.serverNow() - 50);
    const span = { from: new Date(day.from).toISOString(), to: new Date(last).toISOString() };
    if (!gc.replay) return void (await replay.begin({ t: span.to, ...span }, location.pathname, { window: "today" }).catch(refuse));
    await replay.control({ op: "span", ...span });
    replay.seek(last);
    gc.navigate({ window: "today" });
  };
})();
