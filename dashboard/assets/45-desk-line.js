// The command line: one line over the units, opened by `:` or Ctrl+K; completions above it, what Enter will do beside it.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el } = gc;
  const grammar = globalThis.gridcommandGrammar;
  const KEPT = "gridcommand.line";
  const MOST = 50;
  let choices = [];
  let at = -1; // the completion under the keyboard
  let before = null; // what had the focus
  let running = false;
  let past = null; // {at, draft} while earlier lines are looked through

  const history = () => {
    try {
      const lines = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
      return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
    } catch {
      return [];
    }
  };
  const keep = (line) => localStorage.setItem(KEPT, JSON.stringify([line, ...history().filter((it) => it !== line)].slice(0, MOST)));

  // --- drawing ---------------------------------------------------------------------------------------------------
  function build() {
    const host = $("command");
    if (host.firstChild) return;
    const input = el("input", { id: "command-input", class: "command-input", autocomplete: "off", spellcheck: "false", maxlength: 600, role: "combobox", "aria-controls": "command-list", "aria-expanded": "false", "aria-autocomplete": "list", "aria-describedby": "command-says" });
    host.append(
      el("ul", { id: "command-list", class: "command-list", role: "listbox", hidden: true }),
      el("p", { id: "command-says", class: "command-says", role: "status", "aria-live": "polite" }),
      el("div", { class: "command-row" }, el("span", { class: "command-sign", "aria-hidden": "true", text: "›" }), input, el("kbd", { text: "Esc" })),
    );
    input.addEventListener("input", () => {
      past = null;
      at = -1;
      say("");
      show();
    });
    input.addEventListener("keydown", key);
    input.addEventListener("blur", () => setTimeout(() => !$("command").contains(document.activeElement) && $("command-list") && ($("command-list").hidden = true), 150));
    input.addEventListener("focus", show);
    $("command-list").addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the line keeps the focus
      const row = event.target.closest("[data-at]");
      if (row) put(Number(row.dataset.at));
    });
  }
  let fault = ""; // the refusal that stands until the line is changed
  const say = (words) => {
    fault = words;
    $("command").classList.toggle("is-refused", !!words);
  };
  const told = (problem) => gc.t(problem.key, { ...problem.values, what: problem.values.what ? gc.t(problem.values.what) : "" });
  const thing = (item) => item.items?.map(thing).join(gc.lang === "zh" ? "、" : ", ") ?? (item.names?.length && /^[\w!:.#-]+$/.test(item.id) ? `${spoken(item)}` : item.id);
  const spoken = (item) => (item.names.find((name) => /[\u4e00-\u9fff]/.test(name) === (gc.lang === "zh")) ?? item.names[0]);
  /** What Enter will do, or how the command goes on. */
  function preview() {
    if (fault) return fault;
    const text = $("command-input").value;
    if (!text.trim()) return gc.t("line.hint");
    const read = grammar.parse(text, desk.line.world);
    if (!read.verb) return told(read.problem);
    if (read.problem) return `${desk.line.form(read.verb)} — ${told(read.problem)}`;
    return `⏎ ${[desk.line.label(read.verb), ...Object.entries(read.shown).map(([name, item]) => (["case", "into"].includes(name) ? `${spoken({ names: [...item.names, ""] })} ${item.id}`.trim() : thing(item)))].join(" · ")}`;
  }
  function show() {
    const input = $("command-input");
    choices = document.activeElement === input ? grammar.complete(input.value, input.selectionStart ?? input.value.length, desk.line.world, input.value.trim() ? 9 : 40) : [];
    // What is written out already needs no completion.
    if (choices.length === 1 && input.value.slice(choices[0].start, choices[0].end).toLowerCase() === words(choices[0]).toLowerCase()) choices = [];
    at = Math.min(at, choices.length - 1);
    const host = $("command-list");
    host.hidden = !choices.length;
    host.replaceChildren(...choices.map(({ kind, item }, i) => el("li", { class: "command-option", id: `command-${i}`, role: "option", "data-at": i, "aria-selected": String(i === at) },
      el("b", { class: "num", text: kind === "verb" ? desk.line.label(item) : ["case", "unit", "category"].includes(kind) ? item.id : spokenOr(item) }),
      el("span", { text: kind === "verb" ? desk.line.form(item).slice(desk.line.label(item).length) : ["category"].includes(kind) ? [spoken(item), item.note()].filter(Boolean).join(" · ") : item.note() }),
      kind === "verb" || ["case", "unit", "category"].includes(kind) ? (kind === "verb" ? el("small", { text: item.id }) : null) : el("small", { text: item.id }))));
    input.setAttribute("aria-expanded", String(!!choices.length));
    input.setAttribute("aria-activedescendant", at >= 0 ? `command-${at}` : "");
    input.setAttribute("aria-invalid", String(!!fault));
    if (at >= 0) $(`command-${at}`).scrollIntoView({ block: "nearest" });
    else host.scrollTop = 0;
    gc.set($("command-says"), preview());
    input.placeholder = gc.t("line.ph");
    input.setAttribute("aria-label", gc.t("line.name"));
  }
  const spokenOr = (item) => (item.names.length && !/^\d$/.test(item.names[0]) ? spoken(item) : item.id);

  // --- writing ---------------------------------------------------------------------------------------------------
  /** How a thing is written into the line: a name that is one word and nobody else's, else its id. */
  function words({ kind, item }) {
    if (item.insert) return item.insert;
    if (kind === "verb") return gc.lang === "zh" ? desk.line.label(item) : item.id;
    const name = spokenOr(item);
    if (gc.lang !== "zh" || /[\s,，、"'“”]/.test(name)) return item.id;
    return grammar.resolve(name, desk.line.world.items(kind)).item === item || grammar.resolve(name, desk.line.world.items(kind)).item?.id === item.id ? name : item.id;
  }
  function put(i) {
    const input = $("command-input");
    const written = grammar.put(input.value, choices[i], words(choices[i]));
    input.value = written.text;
    input.setSelectionRange(written.caret, written.caret);
    at = -1;
    say("");
    show();
  }
  function look(by) {
    const lines = history();
    const next = (past?.at ?? -1) + by;
    if (next >= lines.length) return;
    past = { at: Math.max(-1, next), draft: past?.draft ?? $("command-input").value };
    $("command-input").value = past.at < 0 ? past.draft : lines[past.at];
    if (past.at < 0) past = null;
    say("");
    show();
    $("command-input").setSelectionRange(1e4, 1e4);
  }
  /** Through the completions while something is written, through earlier lines where nothing is. */
  function up() {
    if (at >= 0) at--;
    else if (past || !$("command-input").value || !choices.length) look(1);
    else at = choices.length - 1;
  }
  function key(event) {
    if (event.isComposing) return;
    const used = {
      ArrowUp: () => up(),
      ArrowDown: () => (past ? look(-1) : (at = choices.length ? (at + 1) % choices.length : -1)),
      Tab: () => choices.length && put(Math.max(0, at)),
      Enter: () => (at >= 0 ? put(at) : run()),
      Escape: () => (at >= 0 ? (at = -1) : close()),
    }[event.key];
    if (!used) return;
    event.preventDefault();
    event.stopPropagation();
    used();
    if ($("command").hidden) return;
    if (event.key.startsWith("Arrow") || event.key === "Escape") show();
  }

  // --- doing -----------------------------------------------------------------------------------------------------
  async function run() {
    if (running) return;
    const input = $("command-input");
    const text = input.value.trim();
    if (!text) return;
    let read = grammar.parse(text, desk.line.world);
    if (read.problem?.key === "line.none" && read.problem.values.what === "line.slot.case") {
      running = true;
      const met = await desk.line.meet(read.problem.values.word.replace(/^#/, ""));
      running = false;
      if (met) read = grammar.parse(text, desk.line.world);
    }
    if (read.problem) return refuse(told(read.problem));
    running = true;
    $("command").setAttribute("aria-busy", "true");
    let it;
    try {
      it = (await read.verb.run(read.values)) ?? {};
    } catch (error) {
      it = { refused: error.message };
    } finally {
      running = false;
      $("command").removeAttribute("aria-busy");
    }
    if (desk.refused?.where === "line") desk.refused = null;
    if (it.refused) {
      if (it.more && !/\s$/.test(input.value)) input.value += " ";
      return refuse(it.refused);
    }
    keep(text);
    close(it.focus);
  }
  function refuse(words) {
    say(words);
    // A refused command gives the focus to what it needs (the desk's name), or back to the line.
    if (document.activeElement?.id !== "actor") $("command-input").focus({ preventScroll: true });
    show();
  }

  // --- coming and going --------------------------------------------------------------------------------------------
  function open(text = "") {
    if (!desk.here()) return;
    build();
    const host = $("command");
    if (host.hidden) before = document.activeElement;
    host.hidden = false;
    past = null;
    at = -1;
    say("");
    if (text || !$("command-input").value) $("command-input").value = text;
    $("command-input").focus({ preventScroll: true });
    $("command-input").select();
    show();
  }
  /** The focus goes back to where it was, unless what was done wants it elsewhere (null: it has taken it). */
  function close(focus) {
    $("command").hidden = true;
    $("command-input").value = "";
    $("command-list").hidden = true;
    if (focus === null) return;
    const back = before?.isConnected && before !== document.body && before.checkVisibility?.() !== false ? before : null;
    if (back) back.focus({ preventScroll: true });
    else $("command-input").blur();
  }
  Object.assign(desk.line, { open, close, isOpen: () => !!$("command") && !$("command").hidden });
  const usual = desk.words;
  desk.words = Object.assign(() => {
    usual();
    if (desk.line.isOpen()) show();
  }, usual);
  gc.actions.command = () => open();
  desk.action("command", "help.command", () => open(), { shortcut: ": ：", shown: ":   Ctrl K", group: "desk", when: () => !desk.asking });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || !desk.here()) return;
    event.preventDefault();
    event.stopPropagation();
    if ($("help").hidden) open();
  }, true);
})();
