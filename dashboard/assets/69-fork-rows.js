// The incidents of a comparison, one by one, and both lives of one of them side by side.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed, beside, forks, desk } = gc;
  if (!beside) return;

  let shown = "all";
  let order = { by: "gained", down: true };
  beside.title = (row) => gc.name({ name: row.zh, name_en: row.en }) || gc.categoryName(row.category) || row.id;
  const reached = (row, minutes) => minutes !== null && row.t + minutes * 60_000 <= beside.t;
  /** Reported by the cursor, and no unit there yet. One that nobody ever reached waits only where people may still send one. */
  beside.waits = (row, minutes) => row.t <= beside.t && (minutes === null ? forks.played(beside.fork) && row.then !== null : !reached(row, minutes));
  const under = (row) => beside.waits(row, row.then) || beside.waits(row, row.fork);
  const KEYS = { time: (row) => row.t, what: (row) => row.severity, original: (row) => row.then ?? Infinity, fork: (row) => row.fork ?? Infinity, gained: (row) => row.gained ?? (order.down ? -Infinity : Infinity) };

  function draw() {
    const host = $("fork-rows");
    if (!host || !beside.found) return;
    const wanted = beside.rows.filter((row) => shown === "all" || (shown === "changed" ? row.gained !== null && forks.verdict(row.gained) !== "same" : under(row)));
    const value = KEYS[order.by];
    wanted.sort((a, b) => ((value(a) > value(b)) - (value(a) < value(b))) * (order.down ? -1 : 1) || a.t - b.t);
    const most = Math.max(1, ...beside.rows.map((row) => Math.abs(row.gained ?? 0)));
    set($("fork-rows-n"), gc.t("fork.rows.n", { shown: gc.num(wanted.length), n: gc.num(beside.rows.length) }));
    for (const button of $("fork-shown").children) button.setAttribute("aria-pressed", String(button.dataset.action === `fork-show:${shown}`));
    for (const th of host.parentElement.querySelectorAll("th")) {
      th.setAttribute("aria-sort", th.dataset.column === order.by ? (order.down ? "descending" : "ascending") : "none");
      if (th.dataset.column === "original") set(th.firstChild, gc.t(`fork.row.${beside.against}`));
    }
    if (!wanted.length) return host.replaceChildren(el("tr", {}, el("td", { class: "empty", colspan: 5, text: gc.t("fork.rows.none") })));
    keyed(host, wanted, (row) => row.id, make, (node, row) => fill(node, row, most));
  }
  const make = () => el("tr", { class: "fork-row" }, el("td", { class: "num" }), el("td", {}, el("button", { type: "button", class: "fork-row-open" })), el("td", { class: "num" }), el("td", { class: "num" }), el("td", {}, el("div", { class: "fork-gain" }, el("i", { "aria-hidden": "true" }), el("span", { class: "num" }))));
  function fill(node, row, most) {
    const [time, what, then, fork, gained] = node.children;
    node.classList.toggle("is-under", under(row));
    node.classList.toggle("is-later", row.t > beside.t); // not reported yet at the cursor
    const seen = `${gc.lang}${row.then}${row.fork}${most}${beside.against}`;
    if (node.dataset.seen === seen) return;
    node.dataset.seen = seen;
    set(time, gc.clock(row.t, false));
    time.title = gc.minute(row.t);
    const open = what.firstChild;
    open.dataset.action = `fork-open:${row.id}`;
    open.title = gc.t("fork.row.open");
    open.replaceChildren(row.severity ? gc.severity(row.severity) : "", " ", beside.title(row));
    const missing = gc.t(forks.played(beside.fork) ? "fork.row.waits" : "fork.row.never");
    set(then, row.then === null ? gc.t("fork.row.never") : forks.minutes(row.then));
    set(fork, row.fork === null ? missing : forks.minutes(row.fork));
    const verdict = row.gained === null ? "" : forks.verdict(row.gained);
    const bar = gained.firstChild;
    bar.dataset.verdict = verdict;
    bar.style.setProperty("--share", row.gained === null ? 0 : Math.sqrt(Math.abs(row.gained) / most).toFixed(4));
    set(bar.lastChild, verdict === "same" ? gc.t("fork.unchanged") : verdict ? gc.t(`fork.${verdict}.cell`, { n: forks.minutes(Math.abs(row.gained)) }) : "");
  }

  // --- both lives ---------------------------------------------------------------------------------------------------------------
  let opened = null;
  let back = null;
  const names = new Map();
  async function named(timeline) {
    if (names.size) return;
    const { units } = await gc.api(`/units?timeline=${encodeURIComponent(timeline)}`).catch(() => ({ units: [] }));
    for (const unit of units) names.set(unit.id, unit);
  }
  const usual = desk.unitName;
  desk.unitName = (id) => (names.has(id) ? gc.name(names.get(id)) : usual(id));
  /** How long after its report the first order, the first unit there, and the end were. */
  function steps(host, it) {
    const after = (at) => (at && gc.ms(at) <= beside.to ? gc.t("fork.step.after", { n: forks.minutes((gc.ms(at) - gc.ms(it.opened_at)) / 60_000) }) : gc.t("fork.step.none"));
    host.replaceChildren(...["dispatched", "arrived", "closed"].map((key) => el("div", { class: "fork-step", "data-step": key }, el("dt", { text: gc.t(`fork.step.${key}`) }), el("dd", { class: "num", text: after(it[`${key}_at`]) }))));
  }
  async function life(course, row) {
    const timeline = course === "fork" ? gc.timeline : beside.fork.of;
    const host = $(`fork-life-${course}`);
    host.replaceChildren(el("li", { class: "skeleton" }));
    try {
      await named(gc.timeline);
      const found = await gc.api(`/incidents/${encodeURIComponent(row.id)}?timeline=${encodeURIComponent(timeline)}`);
      if (opened !== row.id) return;
      steps($(`fork-life-${course}-steps`), found.incident);
      desk.life = found; // its lines are said as on a desk
      const records = found.records.filter((record) => gc.ms(record.at) <= beside.to).sort((a, b) => gc.ms(a.at) - gc.ms(b.at) || (a.seq ?? 0) - (b.seq ?? 0));
      host.replaceChildren(...(records.length ? records.map(desk.timeline.line) : [el("li", { class: "empty", text: gc.t("fork.lives.none") })]));
    } catch (error) {
      host.replaceChildren(el("li", { class: "refusal", text: error.message }));
    }
  }
  beside.open = (id) => {
    const row = beside.rows.find((it) => it.id === id);
    if (!row) return gc.showIncident?.(id);
    back = document.activeElement;
    opened = id;
    $("fork-lives").hidden = false;
    $("fork-lives").dataset.incident = id;
    $("fork-lives-title").replaceChildren(el("h2", { text: beside.title(row) }), el("p", { class: "detail num" }, gc.minute(row.t), " · ", row.id, " · ", row.gained === null ? "" : forks.verdict(row.gained) === "same" ? gc.t("fork.unchanged") : gc.t(`fork.${forks.verdict(row.gained)}.by`, { n: forks.minutes(Math.abs(row.gained)) })));
    $("fork-lives-close").focus();
    return Promise.all([life("original", row), life("fork", row)]);
  };
  const close = () => {
    if (!$("fork-lives") || $("fork-lives").hidden) return false;
    opened = null;
    $("fork-lives").hidden = true;
    back?.focus?.();
    return true;
  };
  gc.onEscape.unshift(close);
  Object.assign(gc.actions, {
    "fork-show": (name) => {
      shown = name;
      draw();
    },
    "fork-sort": (by) => {
      order = { by, down: order.by === by ? !order.down : by === "gained" };
      draw();
    },
    "fork-open": (id) => beside.open(id),
    "fork-lives-close": close,
    "fork-lives-seek": () => {
      const row = beside.rows.find((it) => it.id === opened);
      close();
      if (row) beside.seek(row.t);
    },
    incident: (id) => beside.open(id),
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !opened) return; // the focus stays in the dialogue
    const all = [...$("fork-lives").querySelectorAll("button, [href]")];
    const next = all[(all.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1) + all.length) % all.length];
    event.preventDefault();
    next.focus();
  });
  let soon = 0;
  beside.listeners.push(() => {
    if (!names.read) desk.names.begin();
    names.read = true;
    draw();
  });
  beside.moved = [...(beside.moved ?? []), () => {
    clearTimeout(soon);
    soon = setTimeout(draw, 120); // a thousand rows are not drawn at every step of a drag
  }];
})();
