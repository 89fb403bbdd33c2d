// The scrubber: records by category over the span, the bookmarks, and the head that is dragged to a moment.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set } = gc;
  const { replays: replay } = gc;
  const AGAIN_MS = 60_000; // a span that ends about now goes on filling

  const STEPS = [60e3, 300e3, 600e3, 1800e3, 3.6e6, 3 * 3.6e6, 6 * 3.6e6, 12 * 3.6e6, 86.4e6, 2 * 86.4e6, 5 * 86.4e6, 10 * 86.4e6];
  /** A histogram of records over a span, drawn on a canvas: bars stacked by category, what people did as dots below. */
  class Bars {
    constructor(canvas) {
      this.canvas = canvas;
      this.data = null;
      this.key = "";
      addEventListener("gridcommand-theme", () => canvas.isConnected && this.draw());
    }
    async read(from, to, timeline = "live") {
      const width = this.canvas.clientWidth;
      if (!width || to <= from) return;
      const bins = Math.max(30, Math.min(600, Math.floor(width / 7)));
      const key = `${from} ${to} ${bins} ${Math.floor(performance.now() / AGAIN_MS)}`;
      if (key === this.key) return;
      this.key = key;
      const params = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), bins, timeline });
      try {
        const data = await gc.api(`/replays/histogram?${params}`);
        if (this.key !== key) return;
        this.data = { ...data, from, to, bins };
        this.draw();
      } catch {
        this.key = ""; // asked again at the next change
      }
    }
    at(x) {
      if (!this.data) return null;
      const i = Math.min(this.data.bins - 1, Math.max(0, Math.floor(x * this.data.bins)));
      return this.data.series.map((series) => ({ ...series, n: series.counts[i] })).filter((series) => series.n);
    }
    colour(code, i) {
      return code === "commands" ? gc.colour("text") : gc.colour(`cat-${code === "" ? 7 : i % 7}`);
    }
    draw() {
      const { canvas, data } = this;
      const ratio = window.devicePixelRatio || 1;
      const width = canvas.clientWidth;
      const height = canvas.clientHeight;
      if (!data || !width || !height) return;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      const brush = canvas.getContext("2d");
      brush.scale(ratio, ratio);
      const events = data.series.filter((series) => series.code !== "commands");
      const deeds = data.series.find((series) => series.code === "commands");
      const sums = Array.from({ length: data.bins }, (_, i) => events.reduce((sum, series) => sum + series.counts[i], 0));
      const most = Math.max(1, ...sums);
      const strip = deeds ? 5 : 0; // what people did has a strip of its own at the bottom
      const room = height - strip - 2;
      const step = width / data.bins;
      const colours = events.map((series, at) => this.colour(series.code, at));
      const ink = gc.colour("text");
      const wide = Math.max(1, step - (step > 3 ? 1 : 0));
      for (let i = 0; i < data.bins; i++) {
        let y = room;
        events.forEach((series, at) => {
          const tall = (series.counts[i] / most) * room;
          if (!tall) return;
          brush.fillStyle = colours[at];
          brush.globalAlpha = 0.82;
          brush.fillRect(i * step, y - tall, wide, tall);
          y -= tall;
        });
        if (deeds?.counts[i]) {
          brush.globalAlpha = Math.min(1, 0.35 + deeds.counts[i] / 12);
          brush.fillStyle = ink;
          brush.fillRect(i * step, height - 3, wide, 3);
        }
      }
      brush.globalAlpha = 1;
    }
  }
  replay.Bars = Bars;

  /** Times below a span, as many as fit, at whole local hours or days. */
  replay.ticks = (host, from, to) => {
    const width = host.clientWidth;
    if (!width) return;
    const most = Math.max(2, Math.floor(width / 90));
    const step = STEPS.find((ms) => (to - from) / ms <= most) ?? 30 * 86.4e6;
    const shift = gc.local(from) - from;
    const first = Math.ceil((from + shift) / step) * step - shift;
    const found = [];
    for (let t = first; t <= to; t += step) found.push(t);
    const days = step >= 86.4e6 || to - from > 2 * 86.4e6;
    gc.keyed(host, found, (t) => t, () => el("span", { class: "num" }), (node, t) => {
      const words = gc.minute(t);
      const midnight = words.endsWith("00:00");
      set(node, days && step >= 86.4e6 ? words.slice(5, 10) : midnight ? words.slice(5, 10) : words.slice(11));
      node.classList.toggle("is-day", midnight);
      const x = ((t - from) / (to - from)) * 100;
      node.style.left = `${x.toFixed(3)}%`;
      node.hidden = x < 1.5 || x > 98.5;
    });
  };

  /** What lies under a pointer over a span: its moment and its records. */
  replay.hover = (box, x, t, found, bars) => {
    const total = found?.filter((it) => it.code !== "commands").reduce((sum, it) => sum + it.n, 0) ?? 0;
    box.hidden = false;
    box.replaceChildren(
      el("b", { class: "num", text: replay.moment(t).slice(0, 16) }),
      el("span", { class: "replay-hover-total", text: gc.t("replay.records", { n: gc.num(total) }) }),
      ...(found ?? []).slice(0, 8).map((it) => {
        const i = bars.data.series.findIndex((series) => series.code === it.code);
        const name = it.code === "commands" ? gc.t("replay.commands.series") : it.code ? (gc.lang === "en" && it.name_en) || it.name : gc.t("categories.other");
        return el("span", { class: "replay-hover-row" }, el("i", { style: `background:${bars.colour(it.code, i)}` }), name, el("span", { class: "num", text: gc.num(it.n) }));
      }),
    );
    box.style.left = `${Math.min(92, Math.max(8, x * 100))}%`;
  };

  if (!gc.replay) return;

  let bars = null;
  let dragging = false;
  let shown = null; // where the head is drawn
  const share = (t) => (t - replay.now.from) / (replay.now.to - replay.now.from);
  const under = (event) => {
    const box = $("replay-track").getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const moment = (x) => replay.now.from + x * (replay.now.to - replay.now.from);

  function head(t) {
    shown = t;
    const x = Math.min(1, Math.max(0, share(t)));
    $("replay-head").style.left = `${(x * 100).toFixed(3)}%`;
    const track = $("replay-track");
    track.style.setProperty("--at", `${(x * 100).toFixed(3)}%`);
    track.setAttribute("aria-valuenow", String(Math.round(x * 1000)));
    track.setAttribute("aria-valuetext", replay.moment(t));
  }
  function flags() {
    const { from, to } = replay.now;
    const inside = replay.marks.all().filter((mark) => mark.t >= from && mark.t <= to);
    gc.keyed($("replay-marks"), inside, (mark) => mark.t, () => el("button", { type: "button", class: "replay-flag", tabindex: "-1" }), (node, mark) => {
      node.style.left = `${(share(mark.t) * 100).toFixed(3)}%`;
      node.title = `${replay.moment(mark.t)} ${mark.text}`;
      node.dataset.action = `replay-go:${mark.t}`;
    });
  }
  gc.actions["replay-go"] = (t) => replay.seek(Number(t));

  function begin() {
    const track = $("replay-track");
    bars = new Bars($("replay-bars"));
    track.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.closest(".replay-flag") || !replay.now) return;
      dragging = true;
      track.setPointerCapture(event.pointerId);
      move(event);
    });
    const move = (event) => {
      if (!replay.now) return;
      const x = under(event);
      const t = moment(x);
      replay.hover($("replay-hover"), x, t, bars.at(x), bars);
      if (!dragging) return;
      head(t);
      replay.seek(t);
    };
    track.addEventListener("pointermove", move);
    for (const kind of ["pointerup", "pointercancel"]) track.addEventListener(kind, () => { dragging = false; });
    track.addEventListener("pointerleave", () => { $("replay-hover").hidden = true; });
    track.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -0.01, ArrowRight: 0.01, PageDown: -0.1, PageUp: 0.1, Home: -2, End: 2 }[event.key];
      if (!by || !replay.now) return;
      event.preventDefault();
      event.stopPropagation();
      const { from, to } = replay.now;
      replay.seek(Math.min(to, Math.max(from, shown + by * (to - from))));
    });
    new ResizeObserver(() => draw(true)).observe(track);
  }
  function draw(resized = false) {
    if (!replay.now || !$("replay-track")) return;
    if (!bars || bars.canvas !== $("replay-bars")) begin();
    if (resized) bars.draw();
    const { t, from, to, timeline } = replay.now;
    if (!dragging) head(t);
    flags();
    replay.ticks($("replay-ticks"), from, to);
    bars.read(from, to, timeline);
  }
  replay.listeners.push(() => draw());
  replay.drawTrack = () => draw(true);
})();
