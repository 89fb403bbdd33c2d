// An incident's scene on the wall: the map close to it, its clock, who is on the way, the cameras near by, what happened. Which
// scene this wall shows comes with the panel (layers/scenes.py), so a replay enters it where the wall did. Left by hand.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set } = gc;
  const READ_MS = gc.replay ? 1_000 : 3_000;
  const HALF_DEG = 0.0045; // half a kilometre to the north and to the south
  const CAMERAS = 6;
  const LINES = 40;
  let shown = null; // the scene on the screen
  let life = null; // what GET /incidents/{id} said of it
  let away = ""; // why it could not be read
  let left = ""; // the scene that was left here, until the log says so
  let asked = null;
  let read = -Infinity;
  let readAt = NaN; // which moment the screen showed then
  let names = null; // {workflow: {steps, clocks}}, in both languages

  /** The name of this wall's seat: `seat=` in its address. */
  gc.seat = () => new URLSearchParams(location.search).get("seat") || "wall";
  const ofThisWall = (panel) => {
    const all = panel?.scenes ?? {};
    const scene = gc.seat() in all ? all[gc.seat()] : all[""];
    return scene && (scene.why === "pushed" || gc.boot.scene_on_major) ? scene : null;
  };
  const idOf = (scene) => (scene ? `${scene.incident} ${scene.since}` : "");
  const onWall = () => gc.address?.page === "/" && document.querySelector(".wall");
  const unitName = (id) => gc.name(life?.units.find((unit) => unit.id === id) ?? { id });
  const time = (at) => gc.clock(gc.ms(at), false);

  // --- coming and going ------------------------------------------------------------------------------------------
  function follow() {
    const main = onWall();
    if (!main) return;
    const scene = ofThisWall(gc.panel);
    if (!scene || idOf(scene) !== left) left = "";
    const next = left ? null : scene;
    if (idOf(next) !== idOf(shown)) {
      asked?.abort();
      life = null;
      away = "";
      read = -Infinity;
      asked = null;
    }
    const came = next && next.incident !== shown?.incident;
    const went = shown && !next;
    shown = next;
    gc.scene = next;
    main.toggleAttribute("data-scene", !!next);
    if (came) {
      gc.closeCard?.();
      gc.closeWindow(false); // its button is hidden now
      host().querySelector(".scene-body").scrollTop = 0;
    }
    if (came || went) look();
    if (!next) return void ($("scene") && ($("scene").hidden = true));
    draw();
    if (!asked && performance.now() - read >= READ_MS) ask(next);
  }
  async function ask(scene) {
    const mine = (asked = new AbortController());
    read = performance.now();
    readAt = gc.now();
    try {
      names ??= await steps(mine.signal);
      const found = await gc.api(`/incidents/${encodeURIComponent(scene.incident)}?candidates=1&excluded=1`, undefined, mine.signal);
      if (asked !== mine) return;
      life = found;
      away = "";
    } catch (error) {
      if (error.name === "AbortError" || asked !== mine) return;
      away = error.message;
    }
    asked = null;
    if (shown) draw();
  }
  async function steps(signal) {
    const { workflows } = await gc.api("/workflows", undefined, signal);
    const by = (list, key) => Object.fromEntries((list ?? []).map((it) => [it[key], it]));
    return Object.fromEntries(workflows.map((it) => [it.id, { steps: by(it.steps, "id"), clocks: by(it.limits, "clock"), moves: by(it.transitions, "move") }]));
  }
  /** The map goes to the scene, and home when it is left. */
  function look() {
    const { focus } = gc.address;
    const set_ = (props) => window.dash_clientside.set_props("map", props);
    set_({ options: gc.mapOptions(gc.address), selection: shown ? { kind: "incident", id: shown.incident } : null });
    if (!shown) return set_({ focus: { ...focus } });
    if (shown.lon === null) return;
    const dx = HALF_DEG / Math.cos((shown.lat * Math.PI) / 180);
    set_({ focus: { code: focus.code, level: focus.level, bbox: [shown.lon - dx, shown.lat - HALF_DEG, shown.lon + dx, shown.lat + HALF_DEG], pitch: 45 } });
  }
  const usualOptions = gc.mapOptions;
  gc.mapOptions = (data) => {
    const options = usualOptions(data);
    return gc.scene ? { ...options, layers: { heat: false, areas: false, incidents: true, units: true, cameras: true } } : options;
  };
  async function leave() {
    if (!shown) return false;
    const { incident } = shown;
    left = idOf(shown);
    follow();
    if (gc.boot.past) return true; // a past time takes no word: only this screen looks away
    const seat = gc.seat();
    const key = `${left} ${seat}`.slice(0, 100);
    await gc.api("/scenes/leave", { incident, wall: seat.slice(0, 60), actor: seat, key }).catch((error) => console.warn("scene:", error.message));
    return true;
  }
  gc.actions["leave-scene"] = () => void leave();
  gc.onEscape.push(() => !!shown && (void leave(), true));

  // --- drawing ---------------------------------------------------------------------------------------------------
  function host() {
    let node = $("scene");
    if (!node) {
      node = el("section", { id: "scene", class: "scene", "data-i18n-label": "scene.title", "aria-label": gc.t("scene.title") },
        el("header", { class: "scene-head" },
          el("div", { class: "scene-said" }, el("p", { class: "scene-why", role: "status" }), el("button", { type: "button", class: "secondary small", "data-action": "leave-scene", "data-i18n": "scene.leave", text: gc.t("scene.leave") })),
          el("div", { class: "scene-signs" }), el("h2", { class: "scene-name" }), el("p", { class: "scene-where" })),
        el("div", { class: "scene-body" }));
      document.querySelector(".wall").append(node);
    }
    node.hidden = false;
    return node;
  }
  let drawn = "";
  function draw() {
    const node = host();
    const key = JSON.stringify([gc.lang, shown, { ...life, at: 0, recommendation: 0, duplicates: 0, moves: 0 }, Math.floor(gc.ms(life?.at) / 60_000), away]);
    if (key === drawn && node.childElementCount) return;
    drawn = key;
    const it = life?.incident ?? shown;
    set(node.querySelector(".scene-why"), gc.t(`scene.why.${shown.why}`, { actor: shown.actor, at: gc.clock(shown.since, false) }));
    node.querySelector(".scene-signs").replaceChildren(gc.severity(it.severity), gc.state(it.state), el("span", { class: "num", text: gc.t("scene.opened", { at: time(it.opened_at ?? it.opened) }) }));
    set(node.querySelector(".scene-name"), gc.title(it));
    set(node.querySelector(".scene-where"), [gc.name(shown, "area_name"), life?.incident.address].filter(Boolean).join(" · ") || gc.t("scene.no_place"));
    node.querySelector(".scene-body").replaceChildren(...(life ? [clock(), units(), cameras(), story()] : [el("p", { class: away ? "refusal" : "skeleton", text: away })]));
    gc.cues();
  }
  const part = (name, beside, ...content) =>
    el("section", { class: `panel scene-${name}` }, el("header", { class: "panel-head" }, el("h3", { class: "panel-title", text: gc.t(`scene.${name}`) }), el("span", { class: "num scene-n", text: beside })), ...content);
  const list = (rows, empty) => (rows.length ? el("ul", { class: "scene-list" }, ...rows) : el("p", { class: "empty", text: gc.t(empty) }));
  const row = (...cells) => el("li", {}, ...cells);
  const cell = (name, words, more = {}) => el("span", { class: `scene-${name}`, ...more }, words);

  function clock() {
    const held = life.case;
    const due = held?.clocks.find((it) => it.id === held.next_due);
    if (!due) return part("clock", "", el("p", { class: "empty", text: gc.t("scene.clock.none") }));
    const own = names?.[held.workflow];
    const warn = due.warn.map(gc.ms);
    return part("clock", gc.said(own?.steps[held.step], held.step),
      el("div", { class: "scene-due" },
        gc.sla.node({ due: gc.ms(due.due), warn: warn.length ? Math.min(...warn) : null, paused: !!due.paused_at, stopped: null, from: gc.ms(due.started_at) }),
        el("p", { class: "scene-note" }, `${gc.said(own?.clocks[due.id], due.id)} · ${gc.t("desk.due", { at: gc.minute(gc.ms(due.due)).slice(5) })}`)));
  }
  function units() {
    const eta = new Map(life.arrivals.map((it) => [it.unit, it.travel_s]));
    const order = (unit) => (unit.status === "on_scene" ? -1 : eta.get(unit.id) ?? 1e9);
    const rows = [...life.units].sort((a, b) => order(a) - order(b)).map((unit) => {
      const s = eta.get(unit.id);
      const known = s !== null && s !== undefined;
      return row(el("span", { class: "scene-main" }, gc.name(unit), el("small", { text: gc.word("kind", unit.kind) })), cell("state", gc.word("status", unit.status)),
        known ? el("span", { class: "scene-eta num" }, el("b", { text: gc.t("scene.eta", { n: gc.num(Math.max(1, Math.ceil(s / 60))) }) }), el("small", { text: time(gc.ms(life.at) + s * 1000) })) : cell("eta", unit.status === "on_scene" ? "●" : "–", { "aria-hidden": "true" }));
    });
    const more = life.incident.units.length - life.units.length;
    return part("units", life.incident.units.length ? gc.num(life.incident.units.length) : "", list(rows, more > 0 ? "scene.units.unknown" : gc.unnamed(life) ? "scene.units.unnamed" : "scene.units.none"));
  }
  const cameras = () =>
    part("cameras", "", list(life.cameras.slice(0, CAMERAS).map((site) =>
      row(cell("main", gc.name(site)), cell("state", site.in_view ? gc.t("camera.in_view") : ""), cell(`state status-${site.online ? "online" : "offline"}`, gc.t(site.online ? "camera.online" : "camera.offline")), cell("far num", gc.t("scene.metres", { n: gc.num(Math.round(site.distance_m / 10) * 10) })))), "empty.sites"));

  function said(record) {
    const p = record.payload;
    const listed = (ids) => gc.listed(ids.map(unitName));
    switch (record.kind) {
      case "event": return `${gc.t(record.version ? "life.updated" : "life.event")} · ${gc.word("source", record.source)}`;
      case "incident.dispatched": case "incident.recalled": return gc.t(`life.${record.kind}`, { units: listed(p.units) });
      case "incident.arrived": return gc.t("life.incident.arrived", { unit: unitName(p.unit) });
      case "incident.closed": return gc.t("life.incident.closed");
      case "incident.merged": return p.into ? gc.t("life.merged.from", { id: p.incident }) : gc.t("life.split", { id: p.incident });
      case "incident.moved": {
        const own = names?.[p.workflow];
        return [gc.said(own?.moves[p.move], gc.word("move", p.move)), p.before !== p.step ? gc.said(own?.steps[p.step], p.step) : ""].filter(Boolean).join(" → ");
      }
      case "unit.status": return gc.t("life.unit.status", { unit: unitName(p.unit), status: gc.word("status", p.status) });
      default: return gc.t("life.other");
    }
  }
  function story() {
    const rows = [...life.records].sort((a, b) => gc.ms(b.at) - gc.ms(a.at) || (b.seq ?? 0) - (a.seq ?? 0)).slice(0, LINES);
    return part("story", gc.t("desk.life.n", { n: gc.num(life.records.length) }), list(rows.map((record) => row(el("time", { class: "num", datetime: record.at, text: gc.clock(gc.ms(record.at)) }), cell("main", said(record)))), "scene.story.none"));
  }

  // --- when ------------------------------------------------------------------------------------------------------
  const usualPanel = gc.onPanel;
  gc.onPanel = (panel) => {
    usualPanel?.(panel);
    follow();
  };
  const usualAddress = gc.onAddress;
  gc.onAddress = (...args) => {
    usualAddress?.(...args);
    follow();
  };
  // While nothing else changes, units still come nearer; a replay that stands is read again where its moment is another one.
  setInterval(() => shown && !document.hidden && (!gc.replay || gc.now() !== readAt) && follow(), READ_MS);
})();
