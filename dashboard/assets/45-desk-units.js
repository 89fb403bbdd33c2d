// The unit board: who is where in their work, since when and for what. Statuses come by the stream, the rest of a unit from the
// API when its status changed. A thousand units are a list of which only the rows in sight are drawn.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el, set, keyed } = gc;
  const STATUSES = ["available", "dispatched", "en_route", "on_scene", "leaving", "out_of_service"];
  const SETTABLE = STATUSES.filter((status) => status !== "dispatched"); // sending is a dispatch, not a status
  const ORDER = { on_scene: 0, en_route: 1, dispatched: 2, leaving: 3, available: 4, out_of_service: 5 };
  const MARKS = { available: "○", dispatched: "◔", en_route: "➜", on_scene: "●", leaving: "↩", out_of_service: "✕" };
  const READ_MS = 2000;
  const ALL_MS = 60_000;
  const OLD_S = 300; // a position older than this is said to be old
  const units = new Map();
  let read = { at: 0, area: null };
  let filter = { status: "", kind: "", words: "" };
  let listed = [];
  let cursor = "";
  let chosen = "";

  // --- reading -----------------------------------------------------------------------------------------------------
  const within = () => `within=${encodeURIComponent(gc.address.view.area)}&limit=20000`;
  async function readAll() {
    const area = gc.address.view.area;
    const answer = await gc.api(`/units?${within()}`);
    if (area !== gc.address.view.area) return;
    units.clear();
    for (const unit of answer.units) units.set(unit.id, unit);
    read = { at: Date.now(), area };
  }
  const stale = () => read.area !== gc.address.view.area || Date.now() - read.at > ALL_MS;
  const wanted = new Set(); // statuses whose units are to be read: what they are at is not in the frames
  let timer = 0;
  let last = -Infinity;
  function soon() {
    timer ||= setTimeout(async () => {
      last = performance.now();
      const statuses = [...wanted];
      wanted.clear();
      try {
        if (stale()) await readAll();
        else {
          const answers = await Promise.all(statuses.map((status) => gc.api(`/units?status=${status}&${within()}`)));
          for (const unit of answers.flatMap((answer) => answer.units)) units.set(unit.id, unit);
        }
        set($("units-away"), "");
      } catch (error) {
        for (const status of statuses) wanted.add(status); // asked for again: nothing else would tell of them
        set($("units-away"), error.message);
      }
      timer = 0;
      draw();
      if (wanted.size) soon();
    }, Math.max(0, last + READ_MS - performance.now()));
  }
  /** The stream said that these are at something else now. */
  function changed(rows) {
    let any = false;
    for (const { id, status, lon, lat } of rows) {
      const unit = units.get(id);
      if (!unit || unit.status === status) continue;
      const free = status === "available";
      units.set(id, { ...unit, status, status_at: new Date(gc.now()).toISOString(), lon, lat, ...(free ? { incident: null } : {}) });
      wanted.add(status);
      any = true;
    }
    if (!any) return;
    draw();
    soon();
  }

  // --- the list ------------------------------------------------------------------------------------------------------
  const hay = (unit) => [unit.id, unit.name, unit.name_en, unit.incident ?? "", gc.word("kind", unit.kind)].join("\n").toLowerCase();
  const place = (unit) => ORDER[unit.status] * 2 + (unit.kind === "grid_worker" && unit.status === "available" ? 4 : 0);
  const since = (unit) => (unit.status_at ? gc.ms(unit.status_at) : 0);
  function choose() {
    const parts = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
    const of = [...units.values()].filter((unit) => !filter.kind || unit.kind === filter.kind).filter((unit) => !parts.length || parts.every((part) => hay(unit).includes(part)));
    const counts = Object.fromEntries(STATUSES.map((status) => [status, 0]));
    for (const unit of of) counts[unit.status]++;
    listed = of.filter((unit) => !filter.status || unit.status === filter.status)
      .sort((a, b) => place(a) - place(b) || (ORDER[a.status] < 4 ? since(b) - since(a) : 0) || (a.id < b.id ? -1 : 1));
    return counts;
  }
  const made = () =>
    el("li", { class: "unit", role: "option" },
      el("span", { class: "unit-mark", "aria-hidden": "true" }), el("span", { class: "unit-name" }, el("b"), el("small")), el("span", { class: "unit-status" }),
      el("span", { class: "unit-for" }, el("em", { class: "unit-old num" }), el("span")), el("span", { class: "unit-since num" }),
      // An option holds no button: for the pointer alone, by keys the list itself opens the menu.
      el("span", { class: "unit-change", "aria-hidden": "true", text: "⋯" }));
  function fill(node, unit) {
    const [mark, name, status, goal, age, change] = node.children;
    const [old, matter] = goal.children;
    node.dataset.status = unit.status;
    node.id = `unit-${unit.id}`;
    node.setAttribute("aria-selected", String(unit.id === chosen));
    node.classList.toggle("is-cursor", unit.id === cursor);
    set(mark, MARKS[unit.status]);
    set(name.firstChild, gc.name(unit));
    set(name.lastChild, desk.names.kind(unit));
    name.title = `${unit.id} · ${gc.word("kind", unit.kind)}`;
    set(status, gc.word("status", unit.status));
    const row = unit.incident ? desk.queue.row(unit.incident) : null;
    set(matter, row ? gc.title(row) : unit.incident ?? "");
    matter.title = row ? `${unit.incident} · ${gc.title(row)}` : unit.incident ?? "";
    set(age, unit.status_at ? gc.age(gc.since(unit.status_at)) : "");
    const position = unit.position_at ? gc.since(unit.position_at) : null;
    set(old, position === null ? gc.t("units.no_place") : position > OLD_S ? gc.t("units.old", { age: gc.age(position) }) : "");
    change.dataset.action = `unit-menu:${unit.id}`;
    change.hidden = !!gc.boot.past;
    change.title = gc.t("units.change");
  }
  const rowHeight = () => Math.round(2.1 * parseFloat(getComputedStyle(document.documentElement).fontSize));
  /** Only the rows in sight, and a few around them, are elements. */
  function rows() {
    const host = $("units");
    if (!host) return;
    const height = rowHeight();
    const from = Math.max(0, Math.floor(host.scrollTop / height) - 4);
    const seen = listed.slice(from, from + Math.ceil(host.clientHeight / height) + 8);
    const inner = host.firstElementChild?.matches(".units-rows") ? host.firstElementChild : el("ul", { class: "units-rows", role: "presentation" });
    if (inner.parentNode !== host) host.replaceChildren(inner);
    inner.style.height = `${listed.length * height}px`;
    keyed(inner, seen, (unit) => unit.id, made, (node, unit, i) => {
      node.style.top = `${(from + i) * height}px`;
      fill(node, unit);
    });
    host.setAttribute("aria-activedescendant", cursor && $(`unit-${cursor}`) ? `unit-${cursor}` : "");
  }
  function draw() {
    const host = $("units");
    if (!host || !read.at) return;
    begin();
    host.classList.remove("skeleton");
    const counts = choose();
    keyed($("unit-counts"), STATUSES, (status) => status,
      (status) => el("button", { type: "button", class: "unit-count", "data-action": `unit-status:${status}` }, el("span"), el("b", { class: "num" })),
      (node, status) => {
        set(node.firstChild, gc.word("status", status));
        set(node.lastChild, gc.num(counts[status]));
        node.setAttribute("aria-pressed", String(filter.status === status));
      });
    kinds();
    $("unit-search").placeholder = gc.t("units.search");
    const none = $("units-none");
    none.hidden = listed.length > 0;
    set(none, units.size ? gc.t("units.none") : gc.t("empty.units"));
    rows();
  }
  function kinds() {
    const select = $("unit-kind");
    const all = [...new Set([...units.values()].map((unit) => unit.kind))].sort();
    const seen = `${gc.lang}${all}`;
    if (select.dataset.seen === seen) return;
    select.dataset.seen = seen;
    select.replaceChildren(el("option", { value: "", text: gc.t("units.all_kinds") }), ...all.map((kind) => el("option", { value: kind, text: gc.word("kind", kind) })));
    select.value = all.includes(filter.kind) ? filter.kind : "";
    filter.kind = select.value;
  }
  gc.actions["unit-status"] = (status) => {
    filter.status = filter.status === status ? "" : status;
    $("units").scrollTop = 0;
    draw();
  };

  // --- by hand and by key ----------------------------------------------------------------------------------------------
  function show(id, flies = true) {
    const unit = units.get(id);
    if (!unit) return;
    cursor = chosen = id;
    // A unit that the filters hide is asked for by name: they give way.
    if (!listed.includes(unit)) {
      filter = { status: "", kind: "", words: "" };
      $("unit-search").value = "";
      $("unit-kind").value = "";
      draw();
    }
    seek();
    window.dash_clientside.set_props("map", { selection: { kind: "unit", id } });
    if (unit.lon !== null && flies) desk.map.fly(unit.lon, unit.lat);
    else if (unit.lon === null) desk.toast(gc.t("units.nowhere", { unit: gc.name(unit) }), true);
  }
  function seek() {
    const host = $("units");
    const at = listed.findIndex((unit) => unit.id === cursor);
    const height = rowHeight();
    if (at >= 0 && at * height < host.scrollTop) host.scrollTop = at * height;
    else if (at >= 0 && (at + 1) * height > host.scrollTop + host.clientHeight) host.scrollTop = (at + 1) * height - host.clientHeight;
    rows();
  }
  function move(key) {
    const at = listed.findIndex((unit) => unit.id === cursor);
    const page = Math.max(1, Math.floor($("units").clientHeight / rowHeight()) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: listed.length - 1 }[key];
    cursor = listed[Math.min(listed.length - 1, Math.max(0, to))]?.id ?? "";
    seek();
  }
  // On the window, that is before the desk's own keys: within the board the arrows are the board's.
  window.addEventListener("keydown", (event) => {
    if (!desk.here() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const { target } = event;
    const used = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    if (target.closest?.("#unit-menu")) {
      if (event.key === "Escape") {
        used();
        closeMenu();
      } else if (["ArrowDown", "ArrowUp"].includes(event.key)) {
        used();
        const buttons = [...$("unit-menu").querySelectorAll("button:not(:disabled)")];
        buttons[(buttons.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1) + buttons.length) % buttons.length]?.focus();
      } else if (event.key === "Enter" && target.id === "unit-reason") {
        used();
        apply(menu.id, "out_of_service");
      }
      return;
    }
    if (target.id === "unit-search" && ["ArrowDown", "Enter"].includes(event.key)) {
      used();
      $("units").focus();
      if (!listed.some((unit) => unit.id === cursor)) cursor = "";
      if (!cursor) move("Home");
      return;
    }
    if (target.id !== "units") return;
    if (["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"].includes(event.key)) {
      used();
      move(event.key);
    } else if (event.key === "Enter" && cursor) {
      used();
      show(cursor);
    } else if (event.key.toLowerCase() === "s" && cursor) {
      used();
      openMenu(cursor);
    } else if (event.key === "Escape") {
      used();
      $("units").blur();
    }
  }, true);

  // --- the status of a unit ----------------------------------------------------------------------------------------------
  let menu = null; // {id, back}
  function openMenu(id) {
    const unit = units.get(id);
    if (!unit || gc.boot.past) return;
    closeMenu();
    const button = $(`unit-${id}`)?.querySelector(".unit-change");
    const box = (button ?? $("units")).getBoundingClientRect();
    menu = { id, back: document.activeElement };
    const node = el("div", { id: "unit-menu", class: "unit-menu", role: "dialog", "aria-label": `${gc.t("units.change")} ${gc.name(unit)}` },
      el("p", { class: "unit-menu-name" }, el("b", { text: gc.name(unit) }), el("span", { text: gc.word("status", unit.status) })),
      ...SETTABLE.map((status) => el("button", { type: "button", class: "unit-menu-item", "data-action": `unit-set:${status}`, disabled: status === unit.status }, el("i", { "aria-hidden": "true", text: MARKS[status] }), gc.word("status", status), status === "out_of_service" ? " …" : "")),
      el("div", { class: "unit-menu-reason", hidden: true }, el("input", { id: "unit-reason", class: "input", maxlength: 500, autocomplete: "off", placeholder: gc.t("units.reason"), "aria-label": gc.t("units.reason") }), el("button", { type: "button", class: "primary small", "data-action": "unit-out", text: gc.word("status", "out_of_service") })),
      el("p", { class: "unit-menu-says", role: "alert" }));
    document.body.append(node);
    node.style.right = `${Math.max(8, innerWidth - box.right)}px`;
    node.style.bottom = `${Math.max(8, Math.min(innerHeight - node.offsetHeight - 8, innerHeight - box.top + 4))}px`;
    node.querySelector("button:not(:disabled)")?.focus();
  }
  function closeMenu() {
    if (!menu) return false;
    $("unit-menu")?.remove();
    const { back } = menu;
    menu = null;
    if (back?.isConnected && back !== document.body) back.focus({ preventScroll: true });
    return true;
  }
  /** Change a unit's status: {answer} or {refused: a sentence}. `where` is where the desk keeps a refusal. */
  async function change(id, status, reason, where) {
    const unit = units.get(id) ?? { id, name: id };
    if (status === "out_of_service" && !reason.trim()) return { refused: gc.t("units.reason.missing") };
    if (desk.busy) return { refused: gc.t("line.busy") };
    const done = gc.t("units.changed", { unit: gc.name(unit), status: gc.word("status", status) });
    const answer = await desk.command(where, `/units/${encodeURIComponent(id)}/status`, { status, reason: reason.trim() }, done);
    if (!answer) return { refused: desk.refused?.text ?? gc.t("desk.unreachable") };
    units.set(id, answer.unit);
    draw();
    return { answer };
  }
  async function apply(id, status) {
    const it = await change(id, status, status === "out_of_service" ? $("unit-reason").value : "", "unit-menu");
    if (desk.refused?.where === "unit-menu") desk.refused = null;
    if (it.refused) return set(document.querySelector("#unit-menu .unit-menu-says"), it.refused);
    closeMenu();
  }
  gc.actions["unit-menu"] = (id) => (menu?.id === id ? closeMenu() : openMenu(id));
  gc.actions["unit-set"] = (status) => {
    if (status !== "out_of_service") return apply(menu.id, status);
    document.querySelector("#unit-menu .unit-menu-reason").hidden = false;
    $("unit-reason").focus();
  };
  gc.actions["unit-out"] = () => apply(menu.id, "out_of_service");
  document.addEventListener("pointerdown", (event) => {
    if (menu && !event.target.closest("#unit-menu, .unit-change")) closeMenu();
  });

  // --- coming ------------------------------------------------------------------------------------------------------------
  const SIZES = ["folded", "usual", "tall"];
  const KEPT = "gridcommand.units";
  const size = (name) => {
    document.documentElement.dataset.units = name;
    localStorage.setItem(KEPT, name);
    for (const [id, on] of [["units-fold", name === "folded"], ["units-tall", name === "tall"]]) $(id)?.setAttribute("aria-pressed", String(on));
    requestAnimationFrame(rows);
  };
  const toggled = (name) => () => size(document.documentElement.dataset.units === name ? "usual" : name);
  gc.actions["units-fold"] = toggled("folded");
  gc.actions["units-tall"] = toggled("tall");
  function begin() {
    const host = $("units");
    if (host.gcBegun) return;
    host.gcBegun = true;
    const kept = localStorage.getItem(KEPT);
    size(SIZES.includes(kept) ? kept : "usual");
    host.addEventListener("scroll", rows, { passive: true });
    host.addEventListener("click", (event) => {
      const row = event.target.closest(".unit");
      if (row && !event.target.closest("[data-action]")) show(row.dataset.key); // the menu is opened, nothing else
    });
    $("unit-search").addEventListener("input", (event) => {
      filter.words = event.target.value.trim();
      host.scrollTop = 0;
      draw();
    });
    $("unit-kind").addEventListener("change", (event) => {
      filter.kind = event.target.value;
      host.scrollTop = 0;
      draw();
    });
    new ResizeObserver(rows).observe(host);
    window.gridcommand.watchUnits("stream", changed);
    // Ages grow where they are seen.
    setInterval(() => !document.hidden && desk.here() && rows(), 10_000);
  }

  let digest = "";
  desk.units = {
    of: (id) => units.get(id),
    all: () => [...units.values()],
    draw, change,
    choose: show,
    /** Units that are not in the frames (grid workers, seen from far) are read when the counts say that something changed. */
    follow: (panel) => {
      const now = JSON.stringify([panel.kpis.units_available, panel.kpis.units_busy, panel.focus.code]);
      if (now === digest && !stale()) return;
      const first = !digest;
      digest = now;
      for (const status of STATUSES) if (!first && ORDER[status] < 4) wanted.add(status);
      soon();
    },
  };
  gc.onEscape.unshift(() => desk.here() && closeMenu());
  desk.action("units", "help.units", () => {
    if (document.documentElement.dataset.units === "folded") size("usual");
    $("unit-search").focus();
  }, { shortcut: "u", group: "units" });
  desk.action("unit-status", "help.unit_status", () => cursor && openMenu(cursor), { shown: "S", group: "units" });
})();
