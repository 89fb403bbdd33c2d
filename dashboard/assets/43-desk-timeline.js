// What happened to an incident, in the screen's language: who did what, when. Newest first, every time in one format.
(() => {
  "use strict";
  const gc = window.gc;
  const { desk } = gc;
  const { el } = gc;
  const HAN = /[\u4e00-\u9fff]/;

  const BOTH = /^[^|]*[\u4e00-\u9fff][^|]* \| [^|\u4e00-\u9fff]+$/;
  /** What somebody wrote, as it is; the program and the simulation write `Chinese | English`. */
  desk.written = (words) => (BOTH.test(words ?? "") ? desk.both(words) : words ?? "");
  /** A source's own Chinese word is not English. */
  const foreign = (word) => (word && gc.lang === "en" && HAN.test(word) ? "" : word ?? "");
  const source = (id) => (gc.has(`source.${id}`) ? gc.t(`source.${id}`) : id);

  const LINES = {
    event: (record, p) => [record.version ? gc.t("life.updated") : gc.t("life.event"), [source(record.source), foreign(p.status)]],
    "incident.dispatched": (record, p) => {
      const first = p.recommended?.[0]?.unit;
      const otherwise = p.reason && first && !p.units.includes(first) ? gc.t("life.otherwise", { unit: desk.unitName(first), reason: desk.names.reason(p.reason) }) : "";
      return [gc.t("life.incident.dispatched", { units: gc.listed(p.units.map(desk.unitName)) }), [otherwise, desk.written(p.note)]];
    },
    "incident.recalled": (record, p) => [gc.t("life.incident.recalled", { units: gc.listed(p.units.map(desk.unitName)) }), [desk.written(p.reason)]],
    "incident.arrived": (record, p) => [gc.t("life.incident.arrived", { unit: desk.unitName(p.unit) }), []],
    "incident.closed": (record, p) => [gc.t("life.incident.closed"), [desk.written(p.disposition)]],
    "incident.merged": (record, p) => {
      const here = p.incident === desk.life.incident.id;
      if (p.into === null || p.into === undefined) return [gc.t("life.split", { id: p.incident }), [desk.written(p.note)]];
      return [here ? gc.t("life.merged.into", { id: p.into }) : gc.t("life.merged.from", { id: p.incident }), [desk.written(p.note)]];
    },
    "incident.moved": (record, p) => {
      const { names } = desk;
      const steps = p.before && p.before !== p.step ? `${names.step(p.workflow, p.before)} → ${names.step(p.workflow, p.step)}` : p.move === "file" ? names.step(p.workflow, p.step) : "";
      const clocks = (p.clocks ?? []).map((it) => gc.t(`life.clock.${it.op}`, { clock: names.clock(p.workflow, it.clock), at: it.due ? desk.time(gc.ms(it.due)) : "" }));
      const owner = p.owner && ["file", "assign"].includes(p.move) ? gc.t("life.owner", { owner: names.owner(p.owner) }) : "";
      return [`${names.move(p.workflow, p.move)}${steps ? ` · ${steps}` : ""}`, [owner, desk.why(p.why), desk.written(p.reason), p.rule && !p.why ? p.rule : "", desk.written(p.note), ...clocks]];
    },
    "unit.status": (record, p) => [gc.t("life.unit.status", { unit: desk.unitName(p.unit), status: gc.word("status", p.status) }), [p.actor ? desk.written(p.reason) : foreign(desk.written(p.reason))]],
  };
  const by = (record) => {
    const p = record.payload;
    if (!p.actor) return "";
    const name = desk.names.actor(p.actor);
    if (!p.role || p.role === "system") return name;
    return gc.lang === "zh" ? `${name}（${desk.names.role(p.role)}）` : `${name} (${desk.names.role(p.role)})`;
  };

  function line(record) {
    const [what, more] = (LINES[record.kind] ?? (() => [gc.t("life.other"), []]))(record, record.payload);
    const who = by(record);
    const extra = [who && el("b", { text: who }), ...more].filter(Boolean).flatMap((part, i) => (i ? [" · ", part] : [part]));
    return el("li", { class: "life-row", "data-kind": record.kind },
      el("time", { class: "num", datetime: record.at, text: desk.time(gc.ms(record.at)) }),
      el("span", { class: "life-what", text: what }),
      extra.length ? el("span", { class: "life-extra" }, ...extra) : null);
  }
  const newest = (life) => [...life.records].sort((a, b) => gc.ms(b.at) - gc.ms(a.at) || (b.seq ?? 0) - (a.seq ?? 0));

  /** Where evidence comes from, for a case that has none. */
  function none(life) {
    const moves = [...(desk.names.known("workflows").get(life.case.workflow)?.moves.values() ?? [])].filter((it) => it.evidence?.length);
    const named = moves.map((it) => gc.t("life.with", { move: gc.said(it), what: gc.listed(it.evidence.map((kind) => gc.word("evidence", kind))) }));
    return named.length ? gc.t("desk.evidence.asked", { moves: gc.listed(named) }) : gc.t("desk.evidence.none");
  }
  function evidence(life) {
    const found = newest(life).flatMap((record) => (record.payload.evidence ?? []).map((it) => ({ ...it, at: record.at, actor: record.payload.actor })));
    if (!found.length) return life.case?.workflow && life.moves.length ? desk.part("evidence", "desk.evidence", null, el("p", { class: "part-hint", text: none(life) })) : null;
    const ref = (it) => (/^https?:\/\//.test(it.ref) ? el("a", { href: it.ref, target: "_blank", rel: "noopener noreferrer", text: it.ref }) : it.ref);
    return desk.part("evidence", "desk.evidence", el("span", { class: "part-note num", text: gc.num(found.length) }), el("ul", { class: "evidence" }, ...found.map((it) =>
      el("li", {}, el("b", { text: gc.word("evidence", it.kind) }), el("span", {}, ref(it)), it.note ? el("span", { class: "life-extra", text: desk.written(it.note) }) : null, el("span", { class: "life-extra num", text: `${desk.names.actor(it.actor)} · ${desk.time(gc.ms(it.at))}` })))));
  }

  desk.timeline = {
    evidence, line,
    part: (life) => desk.part("life", "desk.life", el("span", { class: "part-note num", text: gc.t("desk.life.n", { n: gc.num(life.records.length) }) }), el("ol", { class: "life" }, ...newest(life).map(line))),
  };
})();
