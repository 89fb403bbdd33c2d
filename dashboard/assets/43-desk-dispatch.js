// Sending units: those recommended first, one click each; another choice asks for its reason by one key. Calling them back.
(() => {
  "use strict";
  const gc = window.gc;
  const { desk } = gc;
  const { el } = gc;
  const LISTED = 6;

  const eta = (s) => (s === null || s === undefined ? "—" : s < 90 ? gc.t("desk.eta.s", { n: Math.max(1, Math.round(s)) }) : gc.t("desk.eta", { n: Math.round(s / 60) }));
  /** The answer's recommendation: those that can go, those to send now, those that cannot and why. */
  function advice(life) {
    const { candidates = [], excluded = [], excluded_total = 0, basis = "", needs = [], suggested: named = [] } = life?.recommendation ?? {};
    // Where somebody was sent and no more is needed, nobody is proposed.
    const suggested = named.length || life?.incident.units.length ? named : candidates.slice(0, 1).map((c) => c.unit.id);
    const list = [...candidates].sort((a, b) => suggested.includes(b.unit.id) - suggested.includes(a.unit.id));
    return { list, excluded, excluded_total, suggested, basis, needs };
  }
  /** Somebody was sent and nobody more is proposed: said, so that no second unit goes by mistake. */
  const enough = (life) => {
    const { units } = life.incident;
    if (!units.length || advice(life).suggested.length) return "";
    return gc.t(units.length > 1 ? "desk.enough.several" : "desk.enough", { units: gc.listed(units.map(nameOf)) });
  };
  const nameOf = (id) => {
    const { list, excluded } = advice(desk.life);
    const of = [...(desk.life?.units ?? []), ...list.map((c) => c.unit), ...excluded.map((c) => c.unit)];
    return gc.name(of.find((unit) => unit.id === id) ?? desk.units.of(id) ?? { name: id });
  };
  desk.unitName = nameOf;

  function candidates(life) {
    const { list, excluded, excluded_total, suggested, basis, needs } = advice(life);
    const several = suggested.length > 1;
    const wanted = gc.listed(needs.filter((it) => it.missing).map(desk.both));
    const line = (c) => {
      const best = suggested.includes(c.unit.id);
      const first = c.unit.id === suggested[0];
      return el("li", { class: best ? "candidate is-best" : "candidate" },
        el("span", { class: "cand-mark", "aria-hidden": "true", text: best ? "★" : "" }),
        el("span", { class: "cand-name", title: c.unit.id }, gc.name(c.unit), el("small", { text: desk.names.kind(c.unit) })),
        el("span", { class: "cand-eta num", text: eta(c.travel_s) }),
        el("span", { class: "cand-note num", text: desk.metres(c.distance_m) }),
        desk.button(`dispatch:${c.unit.id}`, gc.t("desk.dispatch"), { primary: first && !several, title: first ? "D" : null, "aria-label": `${gc.t("desk.dispatch")} ${gc.name(c.unit)}` }));
    };
    const beside = el("span", { class: "part-note", text: [wanted && gc.t("desk.needs", { what: wanted }), desk.both(basis)].filter(Boolean).join(" · ") });
    return desk.part("candidates", "desk.candidates", beside,
      desk.refusal("candidates"), desk.asking ? question() : null,
      enough(life) ? el("p", { class: "enough", text: enough(life) }) : null,
      several ? desk.button(`dispatch:${suggested.join(",")}`, gc.t("desk.dispatch.all", { n: suggested.length, units: gc.listed(suggested.map(nameOf)) }), { primary: true, small: false, title: "D" }) : null,
      list.length ? el("ol", { class: "candidates" }, ...list.slice(0, LISTED).map(line)) : el("p", { class: "empty", text: gc.t("desk.no_candidates") }),
      excluded.length ? el("details", { class: "excluded", "data-name": "excluded" }, el("summary", { text: gc.t("desk.excluded", { n: gc.num(excluded_total) }) }),
        el("ul", {}, ...excluded.map((c) => el("li", {}, el("span", { text: gc.name(c.unit) }), el("span", { class: "excluded-why", text: desk.both(c.excluded) }))))) : null);
  }

  /** Why not the recommended one: nine reasons, one key each. */
  function question() {
    const reasons = desk.names.reasons().slice(0, 9);
    const why = gc.t("desk.why_not", { unit: nameOf(advice(desk.life).list[0]?.unit.id) });
    return el("div", { class: "question", role: "dialog", "aria-label": why },
      el("p", { class: "question-text" }, why),
      el("div", { class: "question-keys" }, ...reasons.map((it, i) => el("button", { type: "button", class: "secondary small", "data-action": `reason:${it.id}`, disabled: !!desk.busy }, el("kbd", { text: it.press ?? i + 1 }), gc.said(it, it.id)))),
      el("p", { class: "question-note" }, el("kbd", { text: "Esc" }), gc.t("desk.form.cancel")));
  }

  function sent(life) {
    const it = life.incident;
    const went = gc.unnamed(life);
    if (went) return desk.part("sent", "desk.assigned", null, el("p", { class: "part-hint", text: gc.t("desk.unnamed", { at: desk.time(gc.ms(went)) }) }));
    if (!it.units.length) return null;
    const line = (id) => {
      const unit = (life.units ?? []).find((each) => each.id === id) ?? desk.units.of(id) ?? { id, name: id, status: "dispatched", kind: "" };
      const done = it.state === "closed";
      return el("li", { class: "candidate" },
        el("span", { class: "cand-mark", "aria-hidden": "true", text: unit.status === "on_scene" ? "●" : "➜" }),
        el("span", { class: "cand-name", title: id }, gc.name(unit), el("small", { text: desk.names.kind(unit) })),
        el("span", { class: `cand-note status-${unit.status}`, text: gc.word("status", unit.status) }),
        done || unit.status === "on_scene" ? el("span") : desk.button(`arrive:${id}`, gc.t("desk.arrive")),
        done ? el("span") : desk.sure(`recall:${id}`, gc.t("desk.recall")));
    };
    return desk.part("sent", "desk.assigned", null, desk.refusal("sent"), el("ul", { class: "candidates" }, ...it.units.map(line)));
  }

  const expected = () => ({ expected: desk.life.incident.seq });
  /** Whether these units are others than the first that were recommended, so that a reason is asked for (dispatch/recommend.py, deviation). */
  function otherwise(life, units) {
    const { list, suggested } = advice(life);
    const first = list.slice(0, Math.max(units.length, suggested.length)).map((c) => c.unit.id);
    return !!list.length && !!desk.names.reasons().length && !units.every((id) => first.includes(id));
  }
  /** What a dispatch says: with the choice what was on the screen, best first. */
  function choice(life, units, reason = "") {
    const { list, basis } = advice(life);
    const recommended = list.slice(0, 5).map((c) => ({ unit: c.unit.id, travel_s: c.travel_s }));
    return { units, recommended, basis: basis.en ?? "", reason: otherwise(life, units) ? reason : "", expected: life.incident.seq };
  }
  function ask(units) {
    desk.asking = { units };
    desk.case.draw();
    document.querySelector("#detail .question button")?.focus({ preventScroll: true });
    document.querySelector("#detail .question")?.scrollIntoView({ block: "nearest" });
  }
  async function send(units, reason = "") {
    desk.asking = null;
    const body = choice(desk.life, units, reason);
    const done = gc.t("desk.sent", { unit: gc.listed(units.map(nameOf)) });
    const answer = await desk.command("candidates", `${desk.path()}/dispatch`, body, done);
    if (!answer && desk.refused?.reason === "why_otherwise") ask(units); // others are first by now
  }
  gc.actions.dispatch = (ids) => {
    if (!desk.life || desk.busy) return;
    const units = ids.split(",");
    if (!otherwise(desk.life, units)) return send(units);
    ask(units);
  };
  gc.actions.reason = (id) => desk.asking && send(desk.asking.units, id);
  gc.actions.recall = (id) => desk.command("sent", `${desk.path()}/recall`, { units: [id], ...expected() }, gc.t("desk.recalled", { unit: nameOf(id) }));
  gc.actions.arrive = (id) => desk.command("sent", `${desk.path()}/arrive`, { unit: id }, gc.t("desk.arrived", { unit: nameOf(id) }));

  desk.dispatch = { advice, choice, otherwise, eta, parts: (life) => (life.recommendation ? [sent(life), candidates(life)] : [sent(life)]) };
  desk.action("dispatch", "help.d", (ids) => {
    // A key that does nothing says why: a second press would come to the wrong moment.
    if (!desk.life) return desk.toast(gc.t(desk.chosen ? "desk.reading" : "desk.choose_first"), true);
    if (desk.life.incident.state === "closed") return desk.toast(gc.t("desk.closed_already"), true);
    const named = typeof ids === "string" && ids.length > 1 ? ids : advice(desk.life).suggested.join(",");
    if (named) gc.actions.dispatch(named);
    else if (desk.life.recommendation) desk.toast(enough(desk.life) || gc.t("desk.no_candidates"));
  }, { shortcut: "d" });
  desk.action("reason", "help.reason", (key) => {
    const it = desk.names.reasons().find((reason, i) => String(reason.press ?? i + 1) === key);
    if (it) gc.actions.reason(it.id);
  }, { shortcut: "1 2 3 4 5 6 7 8 9", when: () => !!desk.asking });
})();
