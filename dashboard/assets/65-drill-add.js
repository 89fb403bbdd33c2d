// One more inject, written while the exercise runs: a message or a report, with a place by a click on the map or an area's code.
// The server verifies it as it does a scenario file, and says all that is wrong; each line stands at the field it speaks of.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set } = gc;
  const { exercise, console: board } = gc;
  if (!board) return;
  const ACTIONS = { event: ["dispatch", "arrive", "assign", "close"], message: ["acknowledge"] };
  /** Which field a line of a refusal speaks of, by the key that it names; the first that fits. */
  const NAMED = [["category", /categor/], ["lon", /\blon\b|\blat\b|outside|place|point|region/], ["area", /\barea\b/], ["severity", /severity/], ["source", /source/], ["within", /within|expect|action|objective/], ["at", /\bat\b|time|start|end\b/], ["id", /\bid\b|already/], ["en", /\ben\b/], ["zh", /\bzh\b/]];
  let draft = null; // {kind, severity, lon, lat}
  const value = (name) => $(`inject-${name}`)?.value.trim() ?? "";

  const field = (name, control, more = "") => el("label", { class: `field ${more}`.trim(), "data-name": name }, el("span", { class: "field-name", text: gc.t(`drill.add.${name}`) }), control, el("small", { class: "field-fault", role: "alert" }));
  const input = (name, attrs = {}) => el("input", { id: `inject-${name}`, class: "input", autocomplete: "off", ...attrs });
  const option = (value, text) => el("option", { value, text });
  const segments = (name, values, label) => el("div", { class: "segmented", role: "group", "aria-label": gc.t(`drill.add.${name}`) }, ...values.map((each) => el("button", { type: "button", class: "seg", "data-action": `drill-draft:${name}=${each}`, "aria-pressed": String(String(draft[name]) === String(each)), text: label(each) })));
  /** An id that no inject has: the letter of what was added by hand, and a number. */
  function freeId() {
    const taken = new Set(exercise.state.injects.map((it) => it.id));
    let n = 1;
    while (taken.has(`X-${String(n).padStart(2, "0")}`)) n += 1;
    return `X-${String(n).padStart(2, "0")}`;
  }
  function categories() {
    const codes = Object.keys(gc.categories).sort();
    const minors = codes.filter((code) => code.length > 2);
    return minors.length ? minors : codes;
  }
  function form() {
    const typed = Object.fromEntries([...$("drill-form").querySelectorAll("input, textarea, select")].map((node) => [node.id, node.value]));
    const event = draft.kind === "event";
    const sources = [...new Set(exercise.state.injects.map((it) => it.source).filter(Boolean))].sort();
    const { objectives } = exercise.state;
    $("drill-form").replaceChildren(...[
      el("h2", { class: "panel-title", text: gc.t("drill.add") }),
      el("div", { class: "form-row" }, segments("kind", ["message", "event"], (kind) => gc.t(`drill.kind.${kind}`)), field("id", input("id", { maxlength: 32 }), "short")),
      field("zh", el("textarea", { id: "inject-zh", class: "input", rows: 2, maxlength: 500 })),
      field("en", el("textarea", { id: "inject-en", class: "input", rows: 2, maxlength: 500 })),
      event ? el("div", { class: "form-row" },
        field("category", el("span", {}, input("category", { list: "inject-categories", placeholder: gc.t("desk.form.category.ph") }), el("datalist", { id: "inject-categories" }, ...categories().map((code) => option(`${code} ${gc.categoryName(code)}`, gc.categoryName(code.slice(0, 2))))))),
        field("source", el("span", {}, input("source", { list: "inject-sources" }), el("datalist", { id: "inject-sources" }, ...sources.map((source) => option(source, source)))), "short")) : null,
      event ? el("div", { class: "field", "data-name": "severity" }, el("span", { class: "field-name", text: gc.t("drill.add.severity") }), segments("severity", [1, 2, 3, 4], (n) => gc.t(`severity.${n}`)), el("small", { class: "field-fault", role: "alert" })) : null,
      event ? el("div", { class: "form-row" },
        field("lon", input("lon", { placeholder: gc.t("drill.add.lon.ph"), spellcheck: "false" })),
        field("area", input("area", { placeholder: gc.t("drill.add.area.ph"), maxlength: 64 }), "short")) : null,
      el("div", { class: "form-row" },
        field("at", el("select", { id: "inject-at", class: "select" }, ...[0, 1, 5, 10, 30].map((n) => option(n, n ? gc.t("drill.add.in", { n }) : gc.t("drill.add.soon"))))),
        field("action", el("select", { id: "inject-action", class: "select" }, option("", gc.t("drill.add.nothing")), ...ACTIONS[draft.kind].map((each) => option(each, gc.t(`drill.action.${each}`))))),
        field("within", input("within", { type: "number", min: 1, max: 600, value: 5 }), "short")),
      field("objective", el("select", { id: "inject-objective", class: "select" }, option("", "–"), ...objectives.map((it) => option(it.id, board.words(it))))),
      el("p", { id: "inject-refused", class: "refusal", role: "alert", hidden: true }),
      el("div", { class: "form-row" },
        el("button", { type: "button", class: "primary", "data-action": "drill-add-save", text: gc.t("drill.add.save") }),
        el("button", { type: "button", class: "secondary", "data-action": "drill-add", text: gc.t("desk.form.cancel") })),
    ].filter(Boolean));
    for (const [id, words] of Object.entries(typed)) if ($(id)) $(id).value = words;
    if (!value("id")) $("inject-id").value = freeId();
  }
  function show(on) {
    draft = on ? { kind: "message", severity: 2, lon: null, lat: null } : null;
    $("drill-form").hidden = !on;
    $("drill-form").replaceChildren();
    document.documentElement.classList.toggle("is-placing", on);
    if (!on) return;
    gc.loadCategories();
    form();
    $("inject-zh").focus();
  }
  function point(lon, lat) {
    if (draft.kind !== "event") {
      draft.kind = "event";
      form();
    }
    $("inject-lon").value = `${lon.toFixed(5)}, ${lat.toFixed(5)}`;
    $("inject-area").value = "";
  }

  // --- faults ------------------------------------------------------------------------------------------------------------
  function faults(lines) {
    for (const node of $("drill-form").querySelectorAll(".field-fault")) set(node, "");
    const rest = [];
    for (const line of lines) {
      const words = line.replace(/^added inject:\d+: /, "").replace(/^inject [^:]+: /, "");
      const name = NAMED.find(([field, says]) => says.test(words.toLowerCase()) && $("drill-form").querySelector(`[data-name="${field}"]`))?.[0];
      const host = name && $("drill-form").querySelector(`[data-name="${name}"] .field-fault`);
      if (host) set(host, host.textContent ? `${host.textContent} ${words}` : words);
      else rest.push(words);
    }
    $("inject-refused").hidden = !rest.length;
    set($("inject-refused"), rest.join("\n"));
    $("drill-form").querySelector(".field-fault:not(:empty)")?.scrollIntoView({ block: "nearest" });
  }
  function inject() {
    const { start } = exercise.state;
    const after = Math.max(0, Math.ceil((exercise.now() - gc.ms(start)) / 60_000)) + Number(value("at"));
    const made = { id: value("id"), at: `${Math.floor(after / 60)}:${String(after % 60).padStart(2, "0")}`, kind: draft.kind, zh: value("zh"), en: value("en") };
    if (draft.kind === "event") {
      const numbers = /^\s*(-?\d+(?:\.\d+)?)\s*[,，\s]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(value("lon"));
      Object.assign(made, { category: value("category").split(/\s/)[0], source: value("source"), severity: Number(draft.severity) });
      if (numbers) Object.assign(made, { lon: Number(numbers[1]), lat: Number(numbers[2]) });
      if (value("area")) made.area = value("area");
    } else if (value("source")) made.source = value("source");
    if (value("action")) {
      made.expect = { action: value("action"), within: `${Number(value("within")) || 5} min` };
      if (value("objective")) made.expect.objective = value("objective");
    }
    return made;
  }
  async function save() {
    const missing = [["zh", value("zh")], ["en", value("en")]].filter(([, words]) => !words).map(([name]) => name);
    for (const node of $("drill-form").querySelectorAll(".field-fault")) set(node, "");
    for (const name of missing) set($("drill-form").querySelector(`[data-name="${name}"] .field-fault`), gc.t("drill.add.missing"));
    if (missing.length) return;
    const made = inject();
    const done = await board.act("add", { inject: made }, (words) => faults(words.replace(/^[^a-z]*(?=inject )/, "").split(/\n|; (?=inject )/).filter(Boolean)));
    if (!done) return;
    show(false);
    board.choose(made.id);
  }
  Object.assign(gc.actions, {
    "drill-add": () => (draft ? show(false) : board.over() ? null : show(true)),
    "drill-add-save": () => save(),
    "drill-draft": (words) => {
      const [name, each] = words.split("=");
      draft[name] = name === "severity" ? Number(each) : each;
      form();
    },
  });
  board.keys.a = () => gc.actions["drill-add"]();
  gc.onEscape.unshift(() => !!draft && (show(false), true));
  const click = gc.onMapClick;
  gc.onMapClick = (it) => (draft ? it.lon !== null && it.lon !== undefined && point(it.lon, it.lat) : click(it));
  const placing = gc.choosingPlace;
  gc.choosingPlace = () => !!draft || !!placing?.();
  const names = gc.onCategories;
  gc.onCategories = () => {
    names?.();
    if (draft) form();
  };
  let lang = "";
  board.listeners.push(() => {
    if (draft && lang && lang !== gc.lang) form();
    lang = gc.lang;
  });
})();
