// Names of the desk: areas, owners, workflows with their steps, moves and clocks, reasons. Read once, looked up by code.
(() => {
  "use strict";
  const gc = window.gc;
  const { desk } = gc;
  const held = { places: new Map(), owners: new Map(), workflows: new Map(), reasons: [], rules: new Map(), base: false, placed: false };
  /** A name that is still being read; a code, once it is known that there is none. */
  const AWAITED = "…";

  const { said } = gc;
  /** What the actors of a simulation begin with. */
  const SIMULATED = "sim:";
  const part = (id) => (gc.has(`actor.sim.${id}`) ? gc.t(`actor.sim.${id}`) : names.owner(id));
  const plain = (code) => String(code ?? "").replaceAll("_", " ");

  const names = (desk.names = {
    reasons: () => held.reasons,
    area: (code) => (code ? gc.name(held.places.get(code) ?? { name: held.placed ? code : AWAITED }) : "—"),
    /** Whether one area lies in another, or is it; taken to be so while areas are still being read. */
    within: (code, area) => {
      if (!held.placed) return true;
      let at = code;
      while (at && at !== area) at = held.places.get(at)?.parent;
      return at === area;
    },
    category: (code) => {
      const name = gc.categoryName(code);
      return name === code && !held.base ? AWAITED : name;
    },
    /** Who has a case: a department or queue by its own names, an area by the area's. */
    owner: (id) => {
      if (!id) return "—";
      if (gc.has(`owner.${id}`)) return gc.t(`owner.${id}`);
      const known = held.owners.get(id);
      return known ? said(known, id) : held.places.has(id) ? names.area(id) : held.base && held.placed ? id : AWAITED;
    },
    /** Whom a routing rule names, where that is one owner. */
    ruled: (rule) => {
      const owner = held.rules.get(rule)?.owner;
      return held.owners.has(owner) ? owner : "";
    },
    owners: () => [...held.owners.keys()],
    /** Everything of a kind by its id: places, owners, workflows. */
    known: (kind) => held[kind],
    workflow: (id) => said(held.workflows.get(id), plain(id)),
    step: (workflow, id) => said(held.workflows.get(workflow)?.steps.get(id), held.base ? plain(id) : AWAITED),
    move: (workflow, id) => {
      const own = held.workflows.get(workflow)?.moves.get(id);
      return own ? said(own, plain(id)) : gc.word("move", id);
    },
    clock: (workflow, id) => said(held.workflows.get(workflow)?.limits.get(id), gc.word("clock", id)),
    role: (id) => gc.word("role", id),
    reason: (id) => said(held.reasons.find((it) => it.id === id), plain(id)),
    /** The kind of a unit, "" where its name begins with it. */
    kind: (unit) => (gc.name(unit).startsWith(gc.word("kind", unit.kind)) ? "" : gc.word("kind", unit.kind)),
    /** What the wall counts a step as. */
    phase: (row) => held.workflows.get(row.workflow)?.steps.get(row.step)?.phase ?? row.state,
    /** Who gave a command: people by their names, the machine by what it is. */
    actor: (id) => {
      const [kind, unit] = id.split(/:(.*)/);
      if (kind === "terminal" && unit) return gc.t("actor.terminal", { unit: desk.unitName(unit) });
      if (kind === "cad") return gc.t("actor.cad");
      if (id.startsWith(SIMULATED)) return `${gc.t("feed.simulated")} · ${part(id.slice(SIMULATED.length))}`;
      // A source that says itself what was done is called what the facts call it.
      const key = [`actor.${id}`, `source.${id}`].find(gc.has);
      return key ? gc.t(key) : id;
    },
    /** The step of a case; an incident without one is where its phase says. */
    where: (row) => (row.workflow ? names.step(row.workflow, row.step) : gc.word("state", row.state)),
  });

  /** Words that come in both languages ({zh, en}, or `Chinese | English`), or as plain text. */
  desk.both = (text) => {
    if (text && typeof text === "object") return said(text, "");
    const [zh, en] = String(text ?? "").split(" | ");
    return gc.lang === "en" && en ? en : zh;
  };
  /** Why somebody has a case, as its record says it; areas by their names. */
  desk.why = (text) => desk.both(text).replace(/\d{9,17}/g, (code) => (held.places.has(code) ? names.area(code) : code));
  const byId = (list, key = "id") => new Map((list ?? []).map((it) => [it[key], it]));
  const rows = (answer, key) => (Array.isArray(answer) ? answer : answer[key] ?? []);
  const quiet = (path) => gc.api(path).catch(() => null);
  async function read() {
    const [region, workflows, reasons, owners, rules] = await Promise.all([quiet("/region"), quiet("/workflows"), quiet("/reasons"), quiet("/owners"), quiet("/rules"), gc.loadCategories()]);
    for (const it of rows(workflows ?? [], "workflows"))
      held.workflows.set(it.id, { ...it, steps: byId(it.steps), moves: byId(it.transitions ?? it.moves, it.transitions ? "move" : "id"), limits: byId(it.limits ?? it.clocks, it.limits ? "clock" : "id") });
    held.rules = byId(rows(rules ?? [], "rules"));
    held.reasons = rows(reasons ?? [], "reasons");
    held.owners = byId(rows(owners ?? [], "owners"));
    held.base = true;
    desk.words();
    const levels = await Promise.all((region?.levels ?? []).map((level) => quiet(`/areas?level=${encodeURIComponent(level)}&outlines=false`)));
    for (const areas of levels) for (const { properties } of areas?.features ?? []) held.places.set(properties.code, properties);
    held.placed = true;
    desk.words();
  }
  names.begin = () => void read();
  /** An owner that nobody had named before: owners are asked for again, at most every half minute. */
  let asked = 0;
  names.met = (id) => {
    if (!id || held.owners.has(id) || performance.now() - asked < 30_000) return;
    asked = performance.now();
    quiet("/owners").then((answer) => {
      if (!answer) return;
      held.owners = byId(rows(answer, "owners"));
      desk.showIdentity();
    });
  };

  /** 05-01 18:00:05 in every language, with the year where it is another than this one. Every time on the desk. */
  desk.time = (ms) => {
    const whole = new Intl.DateTimeFormat("sv-SE", { timeZone: gc.boot.timezone, dateStyle: "short", timeStyle: "medium" });
    const text = whole.format(ms);
    return text.slice(0, 4) === whole.format(gc.now()).slice(0, 4) ? text.slice(5) : text;
  };
})();
