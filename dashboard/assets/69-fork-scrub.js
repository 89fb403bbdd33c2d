// The scrubber of a comparison: one cursor for the charts, the incidents and the map, which shows either course at its moment.
// The map's pictures are those of a replay; there is none before somebody moves the cursor, and it ends with the page.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, beside, forks } = gc;
  if (!beside) return;

  let which = "fork";
  let pace = 600;
  let playing = 0;
  let moved = false; // until somebody moves it the cursor stands at the end, and the map shows the what-if as it is
  const held = { original: null, fork: null }; // ids of the replays
  let shown = ""; // that of the replay on the map
  let drawn = "fork"; // the course on the map: that wished for, once its picture was asked for

  // --- the map ------------------------------------------------------------------------------------------------------------------
  const watched = gc.watched;
  gc.watched = (data) => (data.page === "/fork" ? view(data) : watched(data));
  function view(data) {
    const params = new URLSearchParams(data.query);
    if (shown) params.set("replay", shown);
    if (shown && drawn === "original") beside.fork.of === "live" ? params.delete("timeline") : params.set("timeline", beside.fork.of);
    return params.toString();
  }
  const iso = (ms) => new Date(ms).toISOString();
  async function replayed(course, t) {
    if (held[course]) {
      try {
        return void (await gc.api(`/replays/${held[course]}/transport`, { op: "seek", t: iso(t) }));
      } catch (error) {
        if (error.status !== 404) throw error; // it ended: another one
      }
    }
    const timeline = course === "fork" ? gc.timeline : beside.fork.of;
    const made = await gc.api("/replays", { timeline, t: iso(t), from: iso(beside.from), to: iso(beside.to) });
    held[course] = made.id;
  }
  let wanted = null;
  let busy = false;
  /** Bring the map to the cursor; while one picture is on its way only the latest wish is kept. */
  async function follow() {
    wanted = { which, t: beside.t ?? beside.to };
    if (busy) return;
    busy = true;
    while (wanted) {
      const it = wanted;
      wanted = null;
      try {
        if (it.which === "fork" && !moved) shown = "";
        else {
          await replayed(it.which, it.t);
          shown = held[it.which];
        }
        drawn = it.which;
        refused("");
        window.dash_clientside.set_props("stream", { view: view(gc.address) });
      } catch (error) {
        refused(error.message);
        if (!wanted) choose(drawn);
      }
    }
    busy = false;
  }
  function choose(course) {
    which = course;
    for (const button of document.querySelectorAll('[data-action^="fork-map:"]')) button.setAttribute("aria-pressed", String(button.dataset.action === `fork-map:${which}`));
  }
  const refused = (words) => {
    if (words) set($("fork-map-said"), words);
  };
  addEventListener("pagehide", () => {
    for (const id of Object.values(held)) if (id) fetch(`/api/v1/replays/${id}`, { method: "DELETE", keepalive: true });
  });
  window.addEventListener("gridcommand", ({ detail }) => {
    if (!detail.panel || !$("fork-map-said")) return;
    const { replay } = detail.panel;
    if (shown ? replay?.id !== shown : replay) return;
    const t = replay ? replay.t : gc.now();
    $("fork-map-said").dataset.t = Math.round(t);
    $("fork-map-said").dataset.which = drawn;
    set($("fork-map-said"), gc.t("fork.map.said", { which: gc.t(`fork.course.${drawn}`), at: gc.minute(t).slice(5) }));
    document.querySelector(".page-fork .map-host")?.classList.toggle("is-original", drawn === "original");
  });

  // --- the cursor -----------------------------------------------------------------------------------------------------------------
  const clamp = (t) => Math.min(beside.to, Math.max(beside.from, t));
  function place() {
    if (!$("fork-track") || beside.t === undefined) return;
    const x = `${(((beside.t - beside.from) / (beside.to - beside.from)) * 100).toFixed(3)}%`;
    const track = $("fork-track");
    $("fork-head").style.left = x;
    track.style.setProperty("--at", x);
    track.setAttribute("aria-valuenow", String(Math.round(((beside.t - beside.from) / (beside.to - beside.from)) * 1000)));
    track.setAttribute("aria-valuetext", gc.minute(beside.t));
    track.dataset.t = Math.round(beside.t);
    set($("fork-time"), gc.clock(beside.t));
    set($("fork-date"), `${gc.minute(beside.t).slice(0, 10)} · ${gc.zone(beside.t)}`);
    const waiting = (course) => beside.rows.filter((row) => beside.waits(row, row[course])).length;
    if (beside.found) set($("fork-then"), gc.t("fork.scrub.waiting", { original: gc.num(waiting("then")), fork: gc.num(waiting("fork")) }));
  }
  beside.seek = (t) => {
    moved = true;
    beside.t = clamp(t);
    place();
    for (const listener of beside.moved) listener();
    follow();
  };
  const sign = () => {
    const button = $("fork-play");
    button.dataset.sign = playing ? "pause" : "play";
    button.dataset.i18nLabel = playing ? "fork.scrub.pause" : "fork.scrub.play";
    button.title = gc.t(button.dataset.i18nLabel);
    button.setAttribute("aria-label", button.title);
  };
  function play(on) {
    cancelAnimationFrame(playing);
    playing = 0;
    if (on) {
      if (beside.t >= beside.to) beside.seek(beside.from);
      let last = performance.now();
      const step = (now) => {
        playing = requestAnimationFrame(step);
        if (now - last < 100) return;
        beside.seek(beside.t + ((now - last) / 1000) * pace * 1000);
        last = now;
        if (beside.t >= beside.to) play(false);
      };
      playing = requestAnimationFrame(step);
    }
    sign();
  }
  Object.assign(gc.actions, {
    "fork-play": () => beside.found && play(!playing),
    "fork-pace": (by) => {
      pace = Number(by);
      for (const button of $("fork-paces").children) button.setAttribute("aria-pressed", String(button.dataset.pace === by));
    },
    "fork-map": (course) => {
      if (!beside.fork || course === which) return;
      choose(course);
      set($("fork-map-said"), gc.t("fork.map.coming", { at: gc.minute(beside.t ?? beside.to).slice(5) }));
      follow();
    },
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, button, a, select, textarea")) return;
    event.preventDefault();
    gc.actions["fork-play"]();
  });

  // --- the track: what was gained above the middle, what was lost below it, where it happened ---------------------------------------
  function bars() {
    const canvas = $("fork-bars");
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const brush = canvas.getContext("2d");
    brush.scale(ratio, ratio);
    const bins = Math.max(30, Math.floor(width / 6));
    const sums = { sooner: new Float64Array(bins), later: new Float64Array(bins) };
    for (const row of beside.rows) {
      const verdict = row.gained === null ? "same" : forks.verdict(row.gained);
      const at = Math.floor(((row.t - beside.from) / (beside.to - beside.from)) * bins);
      if (verdict !== "same" && at >= 0 && at < bins) sums[verdict][at] += Math.abs(row.gained);
    }
    const most = Math.max(1, ...sums.sooner, ...sums.later);
    const middle = height / 2;
    for (let i = 0; i < bins; i++) {
      const x = (i * width) / bins;
      const wide = Math.max(1, width / bins - 1);
      brush.fillStyle = gc.colour("good");
      brush.fillRect(x, middle - (sums.sooner[i] / most) * (middle - 2), wide, (sums.sooner[i] / most) * (middle - 2));
      brush.fillStyle = gc.colour("late");
      brush.fillRect(x, middle, wide, (sums.later[i] / most) * (middle - 2));
    }
    brush.fillStyle = gc.colour("line-strong");
    brush.fillRect(0, middle - 0.5, width, 1);
  }
  let begun = null;
  function begin() {
    const track = $("fork-track");
    if (begun === track) return;
    begun = track;
    let dragging = false;
    const to = (event) => {
      const box = track.getBoundingClientRect();
      play(false);
      beside.seek(beside.from + ((event.clientX - box.left) / box.width) * (beside.to - beside.from));
    };
    track.addEventListener("pointerdown", (event) => {
      if (event.button || !beside.found) return;
      dragging = true;
      track.setPointerCapture(event.pointerId);
      to(event);
    });
    track.addEventListener("pointermove", (event) => dragging && to(event));
    for (const kind of ["pointerup", "pointercancel"]) track.addEventListener(kind, () => { dragging = false; });
    track.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -0.01, ArrowRight: 0.01, PageDown: -0.1, PageUp: 0.1, Home: -2, End: 2 }[event.key];
      if (!by || !beside.found) return;
      event.preventDefault();
      beside.seek(beside.t + by * (beside.to - beside.from));
    });
    new ResizeObserver(draw).observe(track);
  }
  function draw() {
    if (!$("fork-track") || !beside.found) return;
    begin();
    if (!moved || beside.t === undefined) beside.t = beside.to;
    bars();
    gc.replays.ticks($("fork-ticks"), beside.from, beside.to);
    place();
    sign();
  }
  beside.listeners.unshift(draw);
  addEventListener("gridcommand-theme", () => $("fork-track") && beside.found && bars());
})();
