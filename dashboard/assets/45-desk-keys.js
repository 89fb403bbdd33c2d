// The help: every key and every command, listed from the desk's actions and verbs at the moment it is opened.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el } = gc;
  const GROUPS = ["replay", "case", "map", "units", "desk"];
  /** Actions of before, by id; what names no group belongs to the desk. */
  const GROUP = { step: "case", open: "case", dispatch: "case", reason: "case", move: "case", new: "case", filter: "case" };
  const SIGNS = { ArrowDown: "↓", ArrowUp: "↑", PageDown: "PgDn", PageUp: "PgUp" };

  /** "1 2 3 … 9" is said "1 – 9", a letter as it is printed on its key. */
  function keys(action) {
    if (action.shown) return action.shown;
    const all = action.shortcut.split(" ").filter(Boolean);
    if (all.join("") === "123456789") return "1 – 9";
    return all.map((key) => SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key)).join(" ");
  }
  function draw() {
    const of = (group) => [...desk.actions.values()].filter((it) => keys(it) && (it.group ?? GROUP[it.id] ?? "desk") === group);
    const groups = GROUPS.map((group) => [group, of(group)]).filter(([, actions]) => actions.length);
    const verbs = desk.line.verbs();
    const row = (sign, words, id) => el("div", { class: "help-row", "data-id": id }, el("kbd", { text: sign }), el("span", { text: words }));
    $("help-keys").replaceChildren(
      el("div", { class: "help-column" }, ...groups.flatMap(([group, actions]) => [el("h3", { text: gc.t(`help.group.${group}`) }), ...actions.map((it) => row(keys(it), it[gc.lang], it.id))])),
      el("div", { class: "help-column" }, el("h3", { text: gc.t("help.group.commands") }),
        // The name that is the same in both languages, where it is another than the one that is listed.
        el("div", { class: "help-commands" }, ...verbs.map((verb) => el("div", { class: "help-command", "data-verb": verb.id }, el("b", { text: desk.line.form(verb) }), el("span", { text: desk.line.label(verb).toLowerCase() === verb.id ? "" : verb.id })))),
        el("p", { class: "help-note", text: gc.t("help.commands.note") })),
    );
  }
  const toggle = gc.actions.help;
  gc.actions.help = () => {
    draw();
    toggle();
    if (!$("help").hidden) $("help").querySelector("button")?.focus({ preventScroll: true });
  };
  desk.action("escape", "help.esc", () => {}, { shown: "Esc", group: "desk" });
  const usual = desk.words;
  desk.words = Object.assign(() => {
    usual();
    if ($("help") && !$("help").hidden) draw();
  }, usual);
})();
