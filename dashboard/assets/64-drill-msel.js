// The list of injects (MSEL): when, what, what players are expected to do and whether they did, what became of it, and by hand:
// fire before its time, or skip. Rows keep their elements; what counts down is written where it stands.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  const { exercise, console: board } = gc;
  if (!board) return;
  const SURE_MS = 4000;
  const CLOCK = "clock"; // who fires an inject at its time (replay/drill.py)
  let shown = "all";
  let chosen = "";
  let sure = ""; // "fire:F-01" or "skip:F-01" that was asked for once
  let timer = 0;
  let followed = ""; // the inject that was scrolled to as the next one
  const t = () => exercise.now();
  const waiting = (it) => it.fate === "waiting";
  /** What the players owe: expected, come in, not done. */
  const owed = (it) => it.fate === "fired" && it.expect && !it.expect.done_at;
  const IS = { all: () => true, next: waiting, open: owed, done: (it) => !waiting(it) && !owed(it) };

  /** [what, within what time] of an expected action. */
  const action = (expect) => {
    const within = expect.within_s % 60 ? gc.t("drill.within.s", { n: expect.within_s }) : gc.t("drill.within.m", { n: expect.within_s / 60 });
    const units = Object.entries(expect.units ?? {}).map(([kind, n]) => `${gc.word("kind", kind)}${n > 1 ? ` ×${gc.num(n)}` : ""}`).join(gc.lang === "zh" ? "、" : ", ");
    const deed = gc.word("drill.action", expect.action === "site" && expect.online === false ? "site.close" : expect.action);
    return [units ? gc.t("drill.expect.units", { what: deed, units }) : expect.site ? gc.t("drill.expect.units", { what: deed, units: expect.site }) : deed, within];
  };
  /** [state, words] of an expected action. */
  function result(it) {
    const { expect } = it;
    if (!expect || it.fate !== "fired") return ["", ""];
    const due = gc.ms(expect.due);
    if (expect.done_at) {
      const took = board.short(gc.ms(expect.done_at) - gc.ms(it.fired_at));
      return expect.met === false ? ["late", gc.t("drill.result.late", { took })] : ["met", gc.t("drill.result.met", { took })];
    }
    if (expect.met === false || t() > due) return ["over", gc.t("drill.result.over", { by: board.short(t() - due) })];
    return ["due", gc.t("drill.result.due", { in: board.short(due - t()) })];
  }
  const RESULT = { met: "✓", late: "✕", over: "■", due: "●", "": "" };
  function countdown(it) {
    if (!waiting(it) || board.over()) return "";
    const left = gc.ms(it.at) - t();
    return left > 0 ? gc.t("drill.in", { in: board.short(left) }) : gc.t("drill.now");
  }
  /** What became of it, and by whose hand where it was somebody's. */
  function fate(it) {
    if (waiting(it)) return [gc.t(board.over() ? "drill.fate.left" : it.added ? "drill.fate.added" : "drill.fate.waiting"), it.added ? it.by : ""];
    return [gc.t(`drill.fate.${it.fate}`, { at: it.fired_at ? gc.clock(gc.ms(it.fired_at)) : "" }), it.by === CLOCK ? "" : it.by];
  }
  const place = (it) => [it.category && gc.categoryName(it.category), it.area_name ?? it.area, it.source].filter(Boolean).join(" · ");

  const make = (it) => {
    const row = el("li", { class: "msel-row", "data-inject": it.id, tabindex: -1, onclick: (event) => !event.target.closest("button, a") && choose(it.id, true) },
      el("span", { class: "msel-at num" }, el("b"), el("small")),
      el("span", { class: "msel-what" },
        el("span", { class: "msel-signs" }, el("b", { class: "msel-id num", text: it.id }), el("span", { class: "msel-kind" }), el("span", { class: "msel-sev" })),
        el("span", { class: "msel-text" }), el("span", { class: "msel-place" }), el("span", { class: "msel-notes" })),
      el("span", { class: "msel-expect" }, el("span", { class: "msel-action" }), el("b", { class: "msel-result num" })),
      el("span", { class: "msel-fate" }),
      el("span", { class: "msel-do" }));
    return row;
  };
  function update(row, it) {
    const [at, content, expect, became, hands] = row.children;
    row.dataset.fate = it.fate;
    row.dataset.kind = it.kind;
    row.classList.toggle("is-chosen", it.id === chosen);
    row.classList.toggle("is-next", it.id === board.next()?.id && !board.over());
    row.setAttribute("aria-current", String(it.id === chosen));
    set(at.firstChild, gc.clock(gc.ms(it.at), false));
    const key = JSON.stringify([it, gc.lang, sure.split(":")[1] === it.id ? sure : "", board.started(), board.over(), !!board.busy, Object.keys(gc.categories).length]);
    if (row.dataset.drawn !== key) {
      row.dataset.drawn = key;
      const [signs, text, where, notes] = content.children;
      set(signs.children[1], gc.t(`drill.kind.${it.kind}`));
      signs.children[2].replaceChildren(...(it.kind === "event" && it.severity ? [gc.severity(it.severity)] : []));
      set(text, board.words(it));
      set(where, it.kind === "message" ? "" : place(it));
      set(notes, it.notes ? gc.t("drill.notes", { notes: it.notes }) : "");
      expect.firstChild.replaceChildren(...(it.expect ? action(it.expect).map((text) => el("span", { text })) : ["—"]));
      const [what, by] = fate(it);
      became.replaceChildren(what, ...(by ? [el("span", { text: gc.t("drill.fate.by", { by }) })] : []), ...(it.note ? [el("small", { text: it.note })] : []));
      hands.replaceChildren(...(waiting(it) && !board.over() ? [hand("fire", it, !board.started()), hand("skip", it, false)] : []));
    }
    live(row, it);
  }
  const hand = (name, it, off) => {
    const asked = sure === `${name}:${it.id}`;
    return el("button", { type: "button", class: `secondary small${asked ? " is-sure" : ""}`, "data-action": `drill-${name}:${it.id}`, disabled: off || !!board.busy, tabindex: -1, title: off ? gc.t("drill.fire.later") : null, text: gc.t(asked ? `drill.${name}.sure` : `drill.${name}`) });
  };
  function live(row, it) {
    set(row.children[0].lastChild, countdown(it));
    const [state, words] = result(it);
    const node = row.children[2].lastChild;
    node.dataset.state = state;
    set(node, words && `${RESULT[state]} ${words}`);
  }
  const listed = () => (exercise.state?.injects ?? []).filter(IS[shown]).sort((a, b) => gc.ms(a.at) - gc.ms(b.at) || (a.id < b.id ? -1 : 1));
  function draw() {
    const host = $("msel");
    if (!host || !exercise.state) return;
    host.classList.remove("skeleton");
    const all = exercise.state.injects;
    for (const tab of $("drill-tabs").children) {
      set(tab.lastChild, gc.num(all.filter(IS[tab.dataset.value]).length));
      tab.setAttribute("aria-selected", String(tab.dataset.value === shown));
      tab.tabIndex = tab.dataset.value === shown ? 0 : -1;
    }
    $("drill-add-open").disabled = board.over();
    const rows = listed();
    if (!rows.length) return gc.empty(host, "drill.injects.none");
    keyed(host, rows, (it) => it.id, make, update);
    // The next one is kept in sight while nobody has a row in hand.
    const next = board.next();
    if (next && next.id !== followed && !chosen) {
      followed = next.id;
      scroll(next.id);
    }
  }
  const rowOf = (id) => $("msel")?.querySelector(`[data-inject="${CSS.escape(id)}"]`);
  const scroll = (id) => rowOf(id)?.scrollIntoView({ block: "center", behavior: gc.calm.matches ? "auto" : "smooth" });
  board.beat = () => {
    if (!exercise.state) return;
    const byId = new Map(exercise.state.injects.map((it) => [it.id, it]));
    for (const row of $("msel").children) if (byId.has(row.dataset.inject)) live(row, byId.get(row.dataset.inject));
  };

  let n = 0;
  /** Take an inject in hand: its row is marked, and the map flies to its place. */
  function choose(id, fly = false) {
    chosen = id === chosen && !fly ? "" : id;
    draw();
    const it = exercise.state.injects.find((each) => each.id === chosen);
    if (!it) return;
    rowOf(chosen)?.scrollIntoView({ block: "nearest" });
    if (Number.isFinite(it.lon) && gc.address) {
      const { code, level } = gc.address.focus;
      window.dash_clientside.set_props("map", { focus: { code, level, camera: { lon: it.lon, lat: it.lat, zoom: 13.2, pitch: 30, bearing: 0 }, n: ++n }, selection: it.fate === "fired" && it.incident ? { kind: "incident", id: it.incident } : null });
    }
  }
  function step(by) {
    const rows = listed();
    if (!rows.length) return;
    const at = rows.findIndex((it) => it.id === chosen);
    const from = at < 0 ? rows.findIndex((it) => it.id === board.next()?.id) - (by > 0 ? 1 : 0) : at;
    chosen = rows[Math.min(rows.length - 1, Math.max(0, from + by))].id;
    choose(chosen, true);
  }
  /** Injects cannot be called back: the first press asks, the second does it. */
  async function twice(name, id) {
    const it = exercise.state?.injects.find((each) => each.id === id);
    if (!it || !waiting(it) || board.over()) return;
    if (name === "fire" && !board.started()) return board.refuse(gc.t("drill.fire.later"));
    clearTimeout(timer);
    if (sure !== `${name}:${id}`) {
      sure = `${name}:${id}`;
      timer = setTimeout(() => { sure = ""; draw(); }, SURE_MS);
      return draw();
    }
    sure = "";
    await board.act(name, { inject: id });
  }
  Object.assign(gc.actions, {
    "drill-show": (name) => { shown = name; draw(); },
    "drill-fire": (id) => twice("fire", id),
    "drill-skip": (id) => twice("skip", id),
  });
  const inHand = () => chosen || board.next()?.id || "";
  Object.assign(board.keys, {
    ArrowDown: () => step(1), ArrowUp: () => step(-1),
    n: () => { const next = board.next(); if (next) { chosen = next.id; choose(next.id, true); scroll(next.id); } },
    f: () => twice("fire", inHand()),
    x: () => twice("skip", inHand()),
  });
  gc.onEscape.push(() => {
    if (!chosen) return false;
    chosen = "";
    draw();
    return true;
  });
  const names = gc.onCategories;
  gc.onCategories = () => {
    names?.();
    draw();
  };
  board.listeners.push(draw);
  board.choose = (id) => { shown = "all"; choose(id, true); };
})();
