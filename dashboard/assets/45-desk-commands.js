// What the command line can be told, and what each command does: verbs of the desk and every move of every workflow.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const both = (key) => [gc.boot.text.zh[key], gc.boot.text.en[key]];
  const STATUSES = ["available", "en_route", "on_scene", "leaving", "out_of_service"];
  const ROLES = ["dispatcher", "owner", "worker", "supervisor", "district"];
  const TABS = ["triage", "mine", "overdue", "open", "paused", "closed"];
  const REFUSED = "line"; // where desk.command keeps a refusal of what was typed

  const CASE = { name: "case", kind: "case" };
  const NOTE = { name: "text", kind: "text", optional: true };
  const WORDS = { name: "text", kind: "text" };
  const UNITS = { name: "units", kind: "unit", several: true };

  // --- what slots can be filled with ---------------------------------------------------------------------------
  const strange = new Map(); // cases that are not in the queue but were named, by id
  let cases = { at: -Infinity, list: [] };
  function caseItems() {
    if (performance.now() - cases.at < 1000) return cases.list;
    const list = [];
    for (const row of [...desk.queue.rows.values(), ...strange.values()])
      list.push({ id: row.id, names: [row.title, row.title_en, gc.categoryName(row.category)].filter(Boolean), rank: (row.closed ? 9 : 0) + (row.severity ?? 4), note: () => [gc.title(row), desk.names.where(row), desk.names.area(row.area)].join(" · "), insert: row.id });
    cases = { at: performance.now(), list };
    return list;
  }
  const RAD = Math.PI / 180;
  const metres = (a, b) => {
    const h = Math.sin(((b.lat - a.lat) * RAD) / 2) ** 2 + Math.cos(a.lat * RAD) * Math.cos(b.lat * RAD) * Math.sin(((b.lon - a.lon) * RAD) / 2) ** 2;
    return 12_742_000 * Math.asin(Math.sqrt(h));
  };
  function unitItems() {
    const here = desk.life?.incident;
    const placed = here && here.lon !== null && here.lon !== undefined ? here : null;
    const sent = new Set(here?.units ?? []);
    // Those recommended for the case in hand first, in that order, with the time they need.
    const advised = new Map((here ? desk.dispatch.advice(desk.life).list : []).map((it, i) => [it.unit.id, { ...it, i }]));
    return desk.units.all().map((unit) => {
      const far = placed && unit.lon !== null ? metres(placed, unit) : null;
      const best = advised.get(unit.id);
      const rank = best ? best.i - 1e9 : (unit.status === "available" ? 0 : 1e8) + (unit.kind === "grid_worker" ? 1e7 : 0) + (far ?? 9e6);
      const note = () => [gc.name(unit), gc.word("status", unit.status), sent.has(unit.id) ? gc.t("line.sent_here") : unit.incident ?? "", best ? desk.dispatch.eta(best.travel_s) : "", far === null ? "" : desk.metres(best?.distance_m ?? far)].filter(Boolean).join(" · ");
      return { id: unit.id, names: [unit.name, unit.name_en].filter(Boolean), rank, note, insert: unit.id };
    });
  }
  const named = (id, names, note) => ({ id, names: names.filter(Boolean), note: note ?? (() => "") });
  const ITEMS = {
    case: caseItems,
    unit: unitItems,
    owner: () => [...desk.names.known("owners").values()].map((it) => named(it.id, [...(gc.has(`owner.${it.id}`) ? both(`owner.${it.id}`) : []), it.zh, it.en, desk.names.owner(it.id)], () => (it.open === undefined ? "" : gc.t("line.open_cases", { n: gc.num(it.open) })))),
    area: () => [named("all", both("region.all")), ...[...desk.names.known("places").values()].map((it) => named(it.code, [it.name, it.name_en], () => it.level ?? ""))],
    category: () => Object.entries(gc.categories).map(([code, it]) => named(code, [it.zh, it.en], () => (code.length > 2 ? gc.categoryName(code.slice(0, 2)) : ""))),
    status: () => STATUSES.map((id) => named(id, both(`status.${id}`))),
    reason: () => desk.names.reasons().map((it, i) => named(it.id, [String(it.press ?? i + 1), it.zh, it.en], () => `${it.press ?? i + 1} · ${gc.said(it, it.id)}`)),
    severity: () => [1, 2, 3, 4].map((n) => named(`!${n}`, both(`severity.${n}`))),
    role: () => ROLES.map((id) => named(id, both(`role.${id}`))),
    lang: () => [named("zh", ["中文", "Chinese"]), named("en", ["英文", "English"])],
    tab: () => TABS.map((id) => named(id, both(`queue.tab.${id}`))),
    wall: () => desk.wall.items(),
    view: () => desk.view.kept().map((n) => named(String(n), [])),
  };

  // --- what is done -----------------------------------------------------------------------------------------------
  const refuse = (key, values) => ({ refused: gc.t(key, values) });
  /** A command to the server; its refusal is for the line. */
  async function tell(path, body, done) {
    if (desk.busy) return refuse("line.busy");
    const answer = await desk.command(REFUSED, path, body, done);
    return answer ? { answer } : { refused: desk.refused?.text ?? gc.t("desk.unreachable") };
  }
  /** What the officer sees of the case in hand is what is expected; of others nothing is seen. */
  const expected = (id) => (id === desk.chosen && desk.life ? { expected: desk.life.incident.seq } : {});
  const about = async (id) => (id === desk.chosen && desk.life ? desk.life : gc.api(desk.path(id)));
  const unitNames = (ids) => gc.listed(ids.map((id) => gc.name(desk.units.of(id) ?? { name: id })));

  /** Why a unit cannot go now, "" where it can. */
  function hindered(id, excluded) {
    const unit = desk.units.of(id);
    if (!unit || unit.status === "available") return "";
    const why = excluded.find((it) => it.unit.id === id)?.excluded;
    return why ? desk.both(why) : [gc.word("status", unit.status), unit.incident].filter(Boolean).join(" · ");
  }
  async function dispatch({ units, case: id, reason }) {
    const life = await about(id);
    const { list, excluded } = desk.dispatch.advice(life);
    const otherwise = desk.dispatch.otherwise(life, units);
    const stuck = otherwise && !reason && units.find((unit) => hindered(unit, excluded));
    if (stuck) return refuse("line.cannot_go", { unit: unitNames([stuck]), why: hindered(stuck, excluded) });
    if (otherwise && !reason) return { ...refuse("line.why", { unit: unitNames(list.slice(0, 1).map((it) => it.unit.id)) }), more: true };
    return tell(`${desk.path(id)}/dispatch`, desk.dispatch.choice(life, units, reason), gc.t("desk.sent", { unit: unitNames(units) }));
  }
  async function open({ category, severity = "!3", point, text }) {
    const level = Number(severity.slice(1));
    if (!point) {
      desk.draft.fill({ title: text, category, severity: level });
      return { stay: false, focus: null };
    }
    const at = point === "map" ? desk.view.now() : point;
    if (!at) return refuse("line.no_map");
    const it = await tell("/incidents", { title: text, category, severity: level, address: "", lon: at.lon, lat: at.lat }, gc.t("desk.opened"));
    if (it.answer) {
      gc.selectIncident(it.answer.incident.id);
      desk.narrowing.filed(it.answer.incident);
    }
    return it;
  }
  /** A word to a wall; "all" is every wall, none named: as the command takes it. */
  async function onWall(say, wall) {
    if (desk.busy) return refuse("line.busy");
    const answer = await say(REFUSED, wall === undefined ? undefined : wall === "all" ? "" : wall);
    return answer ? { answer } : { refused: desk.refused?.text ?? gc.t("desk.unreachable") };
  }
  function take(id, value) {
    const node = $(id);
    node.value = value;
    node.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const evidence = (values) => evidenceKinds().filter((kind) => values[kind]).map((kind) => ({ kind, ref: values[kind] }));

  const VERBS = {
    dispatch: { slots: [UNITS, CASE, { name: "reason", kind: "reason", optional: true }], run: dispatch },
    recall: { slots: [UNITS, { ...CASE, of: "unit" }, NOTE], run: ({ units, case: id, text = "" }) => tell(`${desk.path(id)}/recall`, { units, reason: text, ...expected(id) }, gc.t("desk.recalled", { unit: unitNames(units) })) },
    arrive: { slots: [{ ...UNITS, name: "unit", several: false }, { ...CASE, of: "unit" }], run: ({ unit, case: id }) => tell(`${desk.path(id)}/arrive`, { unit }, gc.t("desk.arrived", { unit: unitNames([unit]) })) },
    status: { slots: [{ name: "unit", kind: "unit" }, { name: "status", kind: "status" }, NOTE], run: ({ unit, status, text = "" }) => desk.units.change(unit, status, text, REFUSED) },
    close: { slots: [CASE, NOTE], keys: () => evidenceKinds(), run: ({ case: id, text = "", ...more }) => tell(`${desk.path(id)}/close`, { disposition: text, ...(evidence(more).length ? { evidence: evidence(more) } : {}), ...expected(id) }, gc.t("desk.closed")) },
    merge: { slots: [CASE, { name: "into", kind: "case", usual: false }], run: ({ case: id, into }) => tell(`${desk.path(id)}/merge`, { into, ...expected(id) }, gc.t("desk.merged", { child: id, into })) },
    split: { slots: [CASE], run: ({ case: id }) => tell(`${desk.path(id)}/split`, expected(id), gc.t("desk.split.done")) },
    file: { slots: [CASE], run: ({ case: id }) => tell(`${desk.path(id)}/file`, expected(id), gc.t("desk.moved", { move: gc.t("move.file") })) },
    wall: { slots: [CASE, { name: "wall", kind: "wall", optional: true }], run: ({ case: id, wall }) => onWall((where, name) => desk.wall.tell(where, false, id, name ?? ""), wall) },
    unwall: { slots: [CASE, { name: "wall", kind: "wall", optional: true }], run: ({ case: id, wall }) => onWall((where, name) => desk.wall.off(where, id, name), wall) },
    case: { slots: [{ ...CASE, usual: false }], run: ({ case: id }) => void gc.selectIncident(id) },
    open: { slots: [{ name: "category", kind: "category" }, { name: "severity", kind: "severity", optional: true }, { name: "point", kind: "point", optional: true }, WORDS], run: open },
    unit: { slots: [{ name: "unit", kind: "unit" }], run: ({ unit }) => void desk.units.choose(unit) },
    go: { slots: [{ name: "area", kind: "area" }], run: ({ area }) => void gc.navigate({ area: area === "all" ? "" : area }) },
    find: { slots: [NOTE], run: ({ text = "" }) => void desk.setInput($("list-filter"), text) },
    list: { slots: [{ name: "tab", kind: "tab" }], run: ({ tab }) => void gc.actions.tab(tab) },
    view: { slots: [{ name: "view", kind: "view" }], run: ({ view }) => void desk.view.go(Number(view)) },
    back: { slots: [], run: () => void desk.view.back() },
    role: {
      slots: [{ name: "role", kind: "role" }, { name: "owner", kind: "owner", optional: true }],
      run: ({ role, owner }) => {
        take("role", role);
        if (owner) take("my-owner", owner);
      },
    },
    lang: { slots: [{ name: "lang", kind: "lang" }], run: ({ lang }) => void gc.navigate({ lang }) },
    help: { slots: [], run: () => void gc.actions.help() },
  };

  // --- moves of the workflows, each once ----------------------------------------------------------------------------
  const workflows = () => [...desk.names.known("workflows").values()];
  const evidenceKinds = () => [...new Set(workflows().flatMap((it) => [...it.moves.values()].flatMap((move) => move.evidence ?? [])))];
  function moves() {
    const found = new Map();
    for (const workflow of workflows())
      for (const move of workflow.moves.values()) {
        if (!move.roles?.length || VERBS[move.move]) continue;
        const of = found.get(move.move) ?? { names: new Set(), all: [] };
        if (gc.has(`line.move.${move.move}`)) of.names.add(gc.boot.text.zh[`line.move.${move.move}`]).add(gc.boot.text.en[`line.move.${move.move}`]);
        of.names.add(move.zh).add(move.en);
        of.all.push(move);
        found.set(move.move, of);
      }
    return [...found].map(([id, { names, all }]) => {
      const every = (true_) => all.every(true_);
      const slots = [CASE];
      if (all.some((it) => it.needs_owner)) slots.push({ name: "owner", kind: "owner", optional: !every((it) => it.needs_owner) });
      if (all.some((it) => it.effect === "extend")) slots.push({ name: "by", kind: "span", optional: !every((it) => it.effect === "extend") });
      slots.push({ name: "text", kind: "text", optional: !every((it) => it.needs_reason || it.needs_note), ...(all.some((it) => it.needs_reason) ? { said: "reason" } : all.some((it) => it.needs_note) ? { said: "note" } : {}) });
      const keys = [...new Set(all.flatMap((it) => it.evidence ?? []))];
      const verb = { id, names: [...names], slots, keys, needs: keys.filter((key) => every((it) => it.evidence?.includes(key))), move: true };
      verb.run = ({ case: id_, owner, by, text = "", ...more }) => {
        // What the case in hand needs for it is known: it is named as its form names it.
        const own = id_ === desk.chosen ? desk.life?.moves?.find((it) => it.move === id) : null;
        const missing = own ? [own.needs_owner && !owner ? gc.t("desk.move.owner") : "", own.effect === "extend" && !by ? gc.t("desk.move.by") : "", own.needs_reason && !text ? gc.t("desk.move.reason") : "", own.needs_note && !text ? gc.t("desk.move.note") : ""].filter(Boolean) : [];
        if (missing.length) return { ...refuse("desk.form.missing", { what: gc.listed(missing) }), more: true };
        const note = all.some((it) => it.needs_note) || !all.some((it) => it.needs_reason);
        const reason = all.some((it) => it.needs_reason);
        const body = { move: id, ...(owner ? { owner } : {}), ...(by ? { by } : {}), ...(text && reason ? { reason: text } : {}), ...(text && note ? { note: text } : {}), ...(evidence(more).length ? { evidence: evidence(more) } : {}), ...expected(id_) };
        return tell(`${desk.path(id_)}/moves`, body, gc.t("desk.moved", { move: label(verb) }));
      };
      return verb;
    });
  }
  /** What the workflow of the case in hand calls a move, or else what it is called in general. */
  const label = (verb) => {
    if (!verb.move) return gc.t(`line.verb.${verb.id}`);
    const own = desk.names.known("workflows").get(desk.life?.case?.workflow)?.moves.get(verb.id);
    if (own) return gc.lang === "zh" ? own.zh : own.en;
    return verb.names.find((name) => /[\u4e00-\u9fff]/.test(name) === (gc.lang === "zh")) ?? verb.id;
  };
  let made = { of: -1, verbs: [] };
  function verbs() {
    if (made.of !== desk.names.known("workflows").size) {
      const own = Object.entries(VERBS).map(([id, it]) => ({ ...it, id, names: both(`line.verb.${id}`), keys: it.keys?.() }));
      made = { of: desk.names.known("workflows").size, verbs: [...own, ...moves()].map((verb, rank) => ({ ...verb, rank })) };
    }
    // What the case in hand can do now comes first among the moves.
    const now = new Set((desk.life?.moves ?? []).filter((it) => desk.moves.roles(desk.life, it).includes(desk.me().role)).map((it) => it.move));
    return made.verbs.map((verb) => (now.has(verb.id) ? { ...verb, rank: verb.rank - 50 } : verb));
  }
  /** How a verb is written: its name and what comes behind it, in the screen's language. */
  const form = (verb) => [label(verb), ...verb.slots.map((slot) => { const words = gc.t(`line.slot.${slot.said ?? slot.kind}`); return slot.optional || slot.kind === "case" && slot.usual !== false ? `[${words}]` : words; }), ...(verb.needs ?? []).map((key) => `${key}=…`)].join(" ");

  const world = {
    get verbs() { return verbs(); },
    items: (kind) => ITEMS[kind]?.() ?? [],
    usual: (slot, values) => {
      if (slot.kind !== "case") return "";
      const unit = slot.of && (values.unit ?? values.units?.[0]);
      return (unit && desk.units.of(unit)?.incident) || desk.chosen;
    },
  };
  desk.line = { world, verbs, label, form };

  /** A case that is not in the queue (closed, or of another area): the server knows it, or nobody does. */
  desk.line.meet = async (id) => {
    const life = await gc.api(desk.path(id)).catch(() => null);
    if (!life) return false;
    strange.set(id, { ...life.incident, closed: life.incident.state === "closed", workflow: life.case?.workflow ?? "", step: life.case?.step ?? "" });
    cases.at = -Infinity;
    return true;
  };
})();
