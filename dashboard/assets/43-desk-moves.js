// The moves a case can make now: a button each; what a move needs is asked for in a form under them.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el } = gc;
  const SIDE = new Set(["return", "rework", "extend", "suspend", "resume", "appeal", "force_close", "cancel", "supervise", "note", "merge", "split"]);
  const SPANS = ["h", "day"];

  /** What is asked for before a move can be made. */
  const asks = (move) => ({
    owner: !!move.needs_owner, reason: !!move.needs_reason, note: !!move.needs_note, by: !!move.needs_by || move.effect === "extend", into: move.move === "merge", evidence: move.evidence ?? [],
  });
  const bare = (move) => { const it = asks(move); return !it.owner && !it.reason && !it.note && !it.by && !it.into && !it.evidence.length; };
  const ARRANGERS = ["dispatcher", "supervisor", "district"]; // who may merge, as in dispatch/merging.py
  const RETURNS = 3; // the return that goes to the district, as in dispatch/rejections.py
  /** Who may make a move of this case now: what waits for the district, or was decided by it, is the district's. */
  function rolesOf(life, move) {
    const { owner, returns = [] } = life.case ?? {};
    const roles = move.roles ?? [];
    if (returns.length < RETURNS || ["note", "merge"].includes(move.move)) return roles;
    return owner === "district" || move.needs_owner ? roles.filter((role) => role === "district") : roles;
  }
  /** What the workflow offers now, and merging, which is open to every case that is worked by itself. */
  function offered(life) {
    const moves = life.moves ?? [];
    const apart = moves.length && life.incident.state !== "closed" && !life.case?.parent;
    return apart ? [...moves, { move: "merge", to: null, roles: ARRANGERS }] : moves;
  }
  const mine = (move) => !move.roles?.length || rolesOf(desk.life, move).includes(desk.me().role);
  /** The next step forward: to a step that comes later, or the placing of a case that nobody has. */
  function forward(life, own) {
    const steps = [...(desk.names.known("workflows").get(life.case.workflow)?.steps.keys() ?? [])];
    const at = steps.indexOf(life.case.step);
    const place = ["triage", "district"].includes(life.case.owner) && !desk.dispatch.advice(life).suggested.length;
    return own.find((move) => move.to && !SIDE.has(move.move) && steps.indexOf(move.to) > at) || (place && own.find((move) => move.needs_owner && !SIDE.has(move.move)));
  }
  const named = (life, move) => gc.said(move, desk.names.move(life.case?.workflow, move.move));

  function part(life) {
    if (!life.case?.workflow) return life.incident.state === "closed" || gc.boot.past ? null : closing();
    const all = offered(life);
    if (!all.length) return null;
    const own = all.filter(mine);
    const others = all.filter((move) => !mine(move));
    const main = forward(life, own);
    const button = (move) => {
      const words = named(life, move) + (bare(move) ? "" : " …");
      const open = desk.form?.move === move.move;
      return desk.button(`move:${move.move}`, words, { primary: move === main, small: true, "aria-expanded": bare(move) ? null : String(open), title: move.to ? gc.t("desk.move.to", { step: desk.names.step(life.case.workflow, move.to) }) : null });
    };
    const form = desk.form && own.find((move) => move.move === desk.form.move);
    const denied = others.length > 0 && own.every((move) => move.move === "note");
    return el("section", { class: "part part-moves", "aria-label": gc.t("desk.moves") },
      denied ? refused(life, others) : null,
      own.length ? el("div", { class: "moves" }, ...own.map(button)) : denied ? null : el("p", { class: "empty", text: gc.t("desk.moves.none", { role: desk.names.role(desk.me().role) }) }),
      desk.refusal("moves"),
      form ? fields(life, form) : null,
      denied ? null : folded("others", gc.t("desk.moves.others", { n: others.length }), others.map((move) => [named(life, move), [gc.listed(rolesOf(life, move).map(desk.names.role))]])),
      folded("later", gc.t("desk.moves.later", { n: life.not_now?.length ?? 0 }), (life.not_now ?? []).map((move) => [named(life, move), [gc.said(move.why), ...(move.roles.includes(desk.me().role) ? [] : [gc.t("desk.moves.by", { roles: gc.listed(move.roles.map(desk.names.role)) })]), ...needed(move)]])));
  }
  const needed = (move) => (move.evidence.length ? [gc.t("desk.moves.with", { what: gc.listed(move.evidence.map((kind) => gc.word("evidence", kind))) })] : []);
  const roleNames = (roles) => roles.map(desk.names.role).join(gc.lang === "zh" ? "、" : ", ");
  /** What can be done with the case, but not in this role: it stands there with who may. */
  const refused = (life, others) =>
    el("div", { class: "denied", role: "note" },
      el("b", { text: gc.t("denied.title", { role: desk.names.role(desk.me().role) }) }),
      el("p", { text: gc.t("denied.who", { roles: roleNames([...new Set(others.flatMap((move) => rolesOf(life, move)))]) }) }),
      el("ul", {}, ...others.map((move) => el("li", {},
        el("button", { type: "button", class: "secondary small", disabled: true, text: named(life, move) }),
        el("span", { class: "denied-by", text: roleNames(rolesOf(life, move)) })))));
  /** Why this role does not do what these do, as attributes of its button; none where it may. */
  const barred = (roles) =>
    roles.includes(desk.me().role) ? {} : { disabled: true, title: gc.t("denied.by", { roles: roleNames(roles), role: desk.names.role(desk.me().role) }) };
  /** Moves that cannot be made here, each with why: found by who looks for them, folded for everybody else. */
  const folded = (name, head, rows) =>
    rows.length ? el("details", { class: `excluded moves-${name}`, "data-name": name }, el("summary", { text: head }), el("ul", {}, ...rows.map(([move, why]) => el("li", {}, el("span", { text: move }), el("span", { class: "excluded-why", text: why.join(gc.lang === "zh" ? "；" : "; ") }))))) : null;
  /** An incident that is no case (yet) is closed as it is. */
  const closing = () =>
    el("section", { class: "part part-moves" }, el("div", { class: "form-row" },
      desk.button("file", gc.t("move.file"), { primary: true, small: false, title: gc.t("desk.file.title") }),
      desk.button("close-incident", gc.t("desk.close"), { small: false }),
      el("input", { id: "disposition", class: "input", maxlength: 500, value: desk.form?.values.disposition ?? "", placeholder: gc.t("desk.disposition"), "aria-label": gc.t("desk.disposition") })), desk.refusal("moves"));
  gc.actions.file = () => desk.command("moves", `${desk.path()}/file`, { expected: desk.life.incident.seq }, gc.t("desk.moved", { move: gc.t("move.file") }));
  gc.actions["close-incident"] = () => desk.command("moves", `${desk.path()}/close`, { disposition: $("disposition").value.trim() }, gc.t("desk.closed"));

  // --- the form ------------------------------------------------------------------------------------------------
  const value = (name) => desk.form?.values[name] ?? "";
  const line = (key, control) => el("label", { class: "field" }, el("span", { class: "field-name", text: typeof key === "string" && gc.has(key) ? gc.t(key) : key }), control);
  const text = (name, more = {}) => el("input", { id: `move-${name}`, "data-form": name, class: "input", maxlength: 500, autocomplete: "off", value: value(name), ...more });
  function select(name, options) {
    const node = el("select", { id: `move-${name}`, "data-form": name, class: "select wide" }, ...options.map(([id, words]) => el("option", { value: id, text: words })));
    node.value = value(name) || options[0]?.[0] || "";
    return node;
  }
  function fields(life, move) {
    const ask = asks(move);
    const owners = desk.names.owners().filter((id) => id !== life.case.owner);
    const lists = el("datalist", { id: "known-owners" }, ...owners.map((id) => el("option", { value: desk.names.owner(id) })));
    const alike = el("datalist", { id: "alike-cases" }, ...(life.duplicates ?? []).map((it) => el("option", { value: it.incident.id, label: gc.title(it.incident) })));
    const kinds = Object.keys(gc.boot.text.zh).filter((key) => key.startsWith("evidence.")).map((key) => [key.slice(9), gc.t(key)]);
    const parts = [
      ask.owner ? line("desk.move.owner", el("span", {}, text("owner", { list: "known-owners", placeholder: gc.t("desk.move.owner.ph") }), lists)) : null,
      ask.into ? line("desk.move.into", el("span", {}, text("into", { list: "alike-cases", placeholder: gc.t("desk.move.into.ph") }), alike)) : null,
      ask.by ? el("div", { class: "form-row" }, line("desk.move.by", text("amount", { type: "number", min: 1, step: 1, value: value("amount") || 1 })), line("desk.move.unit", select("unit", SPANS.map((id) => [id, gc.t(`span.${id}`)])))) : null,
      ask.by ? desk.extension.part(life, spanOf(), gc.listed(rolesOf(life, move).map(desk.names.role))) : null,
      ask.reason ? line("desk.move.reason", text("reason")) : null,
      ...ask.evidence.map((kind) => line(gc.t("desk.move.evidence", { kind: gc.word("evidence", kind) }), text(`evidence:${kind}`, { placeholder: gc.t("desk.move.evidence.ph") }))),
      ask.note ? line("desk.move.note", (() => { const node = el("textarea", { id: "move-note", "data-form": "note", class: "input", rows: 2, maxlength: 2000 }); node.value = value("note"); return node; })()) : null,
      move.move === "note" ? el("div", { class: "form-row" }, line("desk.move.attach", select("kind", kinds)), line("desk.move.attach.ref", text("ref", { placeholder: gc.t("desk.move.evidence.ph") }))) : null,
    ];
    return el("form", { class: "move-form", "data-move": move.move, "aria-label": named(life, move) }, ...parts.filter(Boolean),
      el("p", { id: "move-missing", class: "form-error", role: "alert", hidden: true }),
      el("div", { class: "form-row" }, desk.button(`make:${move.move}`, named(life, move), { primary: true, small: false }), desk.button("leave-form", gc.t("desk.form.cancel"), { small: false })));
  }
  /** The length of an extension as it stands in the form, "" while it is none. */
  const spanOf = () => (Number(value("amount") || 1) > 0 ? `${Number(value("amount") || 1)} ${value("unit") || SPANS[0]}` : "");
  document.addEventListener("input", (event) => {
    const name = event.target.dataset?.form;
    if (name && desk.form) {
      desk.form.values[name] = event.target.value;
      if (name === "amount" || name === "unit") desk.extension.changed(event.target.value ? spanOf() : "");
    }
    else if (event.target.id === "disposition") desk.form = { move: "", values: { disposition: event.target.value } };
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest(".move-form");
    if (!form) return;
    event.preventDefault();
    gc.actions.make(form.dataset.move);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.closest?.(".move-form") || !event.target.matches("input")) return;
    event.preventDefault();
    gc.actions.make(event.target.closest(".move-form").dataset.move);
  });

  const find = (move) => (desk.life ? offered(desk.life) : []).find((it) => it.move === move && mine(it));
  gc.actions.move = (id) => {
    const move = find(id);
    if (!move) return;
    if (bare(move)) return make(move, {});
    // A person assigns most often as the rule proposed.
    const proposed = move.needs_owner && desk.life.case.rule ? desk.names.ruled(desk.life.case.rule) : "";
    const values = proposed && proposed !== desk.life.case.owner ? { owner: desk.names.owner(proposed) } : {};
    desk.form = desk.form?.move === id ? null : { move: id, values };
    desk.refused = null;
    desk.case.draw();
    const first = document.querySelector("#detail .move-form input, #detail .move-form textarea");
    first?.focus({ preventScroll: true });
    first?.select();
    document.querySelector("#detail .move-form")?.scrollIntoView({ block: "nearest" });
  };
  gc.actions["leave-form"] = () => desk.case.cancel();
  /** The owner whose name, or whose id, was written. */
  const ownerOf = (words) => desk.names.owners().find((id) => id === words || desk.names.owner(id) === words) ?? words;
  gc.actions.make = (id) => {
    const move = find(id);
    if (!move) return;
    const ask = asks(move);
    for (const node of document.querySelectorAll("#detail .move-form [data-form]")) desk.form.values[node.dataset.form] = node.value;
    const said = (name) => value(name).trim();
    const missing = [
      ask.owner && !said("owner") ? gc.t("desk.move.owner") : "", ask.into && !said("into") ? gc.t("desk.move.into") : "",
      ask.by && !(Number(said("amount")) > 0) ? gc.t("desk.move.by") : "", ask.reason && !said("reason") ? gc.t("desk.move.reason") : "",
      ...ask.evidence.map((kind) => (said(`evidence:${kind}`) ? "" : gc.t("desk.move.evidence", { kind: gc.word("evidence", kind) }))), ask.note && !said("note") ? gc.t("desk.move.note") : "",
    ].filter(Boolean);
    $("move-missing").hidden = !missing.length;
    gc.set($("move-missing"), gc.t("desk.form.missing", { what: gc.listed(missing) }));
    if (missing.length) return;
    make(move, {
      ...(ask.owner ? { owner: ownerOf(said("owner")) } : {}), ...(ask.reason ? { reason: said("reason") } : {}), ...(ask.note ? { note: said("note") } : {}),
      ...(ask.by ? { by: `${Number(said("amount"))} ${said("unit")}` } : {}), ...(ask.into ? { into: said("into") } : {}),
      ...(ask.evidence.length ? { evidence: ask.evidence.map((kind) => ({ kind, ref: said(`evidence:${kind}`) })) } : said("ref") ? { evidence: [{ kind: said("kind"), ref: said("ref") }] } : {}),
    });
  };
  async function make(move, values) {
    const words = named(desk.life, move);
    const expected = desk.life.incident.seq;
    const done = gc.t("desk.moved", { move: words });
    const answer = move.move === "merge" ? await desk.command("moves", `${desk.path()}/merge`, { into: values.into, expected }, done)
      : move.move === "split" ? await desk.command("moves", `${desk.path()}/split`, { expected }, done)
      : await desk.command("moves", `${desk.path()}/moves`, { move: move.move, ...values, expected }, done);
    if (!answer) return;
    desk.form = null;
    desk.case.draw();
  }

  desk.moves = { part, barred, ARRANGERS, roles: rolesOf };
  desk.action("move", "help.move", (id) => gc.actions.move(id));
})();
