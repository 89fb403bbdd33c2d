// The page of what-ifs: the form that begins one at a past moment, and those there are, each with its result in one line.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  if (location.pathname !== "/fork") return;
  if (gc.replay) location.replace(`/fork${gc.searchWith({ replay: "" })}`); // what is begun from a replay is asked with of= and at=

  const EVERY_MS = 3000;
  const ACTOR = "gridcommand.fork.actor";
  const USUAL = "nearest-by-road";
  const POLICIES = ["players", USUAL, "nearest-straight-line", "as-history"];
  const asked = new URLSearchParams(location.search);
  const forks = (gc.forks = {});
  let known = null;
  let refused = "";
  let policy = asked.get("at") ? "players" : USUAL;
  let making = false;
  let timer = 0;
  let sure = "";
  const here = () => gc.address?.page === "/fork" && $("fork-list");

  // --- how a what-if is said, here and beside its original ----------------------------------------------------------------
  forks.path = (timeline, rest = "") => `/forks/${encodeURIComponent(timeline)}${rest}`;
  forks.policy = (it) => gc.word("fork.policy", it.policy || "players");
  forks.played = (it) => !it.policy || it.policy === "players";
  forks.name = (it) => gc.name({ name: it.zh || it.note, name_en: it.en || it.note }) || it.name;
  forks.of = (timeline) => (timeline === "live" ? gc.t("fork.make.of.live") : timeline.replace(/^fork:/, ""));
  forks.phase = (it) => it.state ?? "done";
  const SIGNS = { making: "◔", running: "●", paused: "❚❚", done: "■", failed: "✕" };
  forks.phaseWords = (it) => `${SIGNS[forks.phase(it)] ?? ""} ${gc.word("fork.phase", forks.phase(it))}`;
  /** Minutes gained: against the units that history sent where the same model played them, else against the record. */
  forks.gain = (all) => (all?.gained?.n ? { ...all.gained, against: "baseline" } : all?.gained_over_original?.n ? { ...all.gained_over_original, against: "original" } : null);
  /** What can be believed of a comparison: incidents where roads are at hand, where there are such; else all. */
  forks.part = (found) => (forks.gain(found.on_roads) ? "on_roads" : "all");
  forks.error = (it) => (gc.lang === "zh" && it.error_zh) || it.error;
  const SAME_MIN = 0.05;
  forks.verdict = (minutes) => (minutes > SAME_MIN ? "sooner" : minutes < -SAME_MIN ? "later" : "same");
  forks.minutes = (n) => (n === null || n === undefined ? "–" : new Intl.NumberFormat(gc.lang === "zh" ? "zh-CN" : "en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(n));
  forks.to = (page, timeline) => `${page}?${new URLSearchParams({ ...(timeline ? { timeline } : {}), ...(gc.lang === gc.boot.lang ? {} : { lang: gc.lang }) })}`;
  forks.remove = async (timeline) => {
    const answer = await fetch(`/api/v1${forks.path(timeline)}`, { method: "DELETE" });
    const said = answer.ok ? {} : await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error((gc.lang === "zh" && said.error_zh) || said.error || gc.t("desk.unreachable"));
  };

  // --- the form -------------------------------------------------------------------------------------------------------------
  const label = (key) => el("span", { class: "field-name", "data-i18n": key, text: gc.t(key) });
  const field = (key, control, note = "") => el("label", { class: "field" }, label(key), control, note ? el("small", { class: "fork-hint", "data-i18n": note, text: gc.t(note) }) : null);
  const text = (id, more = {}) => el("input", { id, class: "input", autocomplete: "off", spellcheck: "false", ...more });
  function fields() {
    const host = $("fork-fields");
    if (host.firstChild) return;
    const at = gc.ms(asked.get("at") ?? "");
    host.append(
      field("fork.make.of", el("select", { id: "fork-of", class: "select" })),
      field("fork.make.at", text("fork-at", { class: "input num", maxlength: 24, placeholder: gc.replays.EXAMPLE, value: Number.isFinite(at) ? gc.replays.moment(at) : "" }), "fork.make.at.note"),
      el("div", { class: "field" }, label("fork.make.policy"), el("div", { id: "fork-policies", class: "fork-policies", role: "radiogroup", "data-i18n-label": "fork.make.policy", "aria-label": gc.t("fork.make.policy") },
        ...POLICIES.map((name) => el("button", { type: "button", class: "fork-policy", role: "radio", "data-action": `fork-policy:${name}`, "data-policy": name },
          el("b", { "data-i18n": `fork.policy.${name}`, text: gc.t(`fork.policy.${name}`) }), el("small", { "data-i18n": `fork.policy.${name}.note`, text: gc.t(`fork.policy.${name}.note`) }))))),
      field("fork.make.until", text("fork-until", { class: "input num", maxlength: 24 }), "fork.make.until.note"),
      el("div", { class: "fork-two" },
        field("fork.make.seed", text("fork-seed", { class: "input num", type: "number", min: 0, max: 2_147_483_647, step: 1, value: 0 })),
        field("fork.make.name", text("fork-name", { maxlength: 60 }), "fork.make.name.note")),
      field("fork.make.note", text("fork-note", { maxlength: 200, placeholder: gc.t("fork.make.note.hint") })),
      field("fork.make.actor", text("fork-actor", { maxlength: 60, value: localStorage.getItem(ACTOR) ?? localStorage.getItem("gridcommand.desk") ?? "" })));
    host.addEventListener("keydown", (event) => event.key === "Enter" && event.target.matches("input") && gc.actions["fork-make"]());
  }
  function drawMake() {
    fields();
    const chosen = $("fork-of").value || asked.get("of") || "live";
    const all = [...new Set(["live", ...(known ?? []).map((it) => it.timeline), chosen])];
    keyed($("fork-of"), all, (it) => it, (it) => el("option", { value: it }), (node, it) => set(node, forks.of(it)));
    $("fork-of").value = chosen;
    for (const button of $("fork-policies").children) {
      const on = button.dataset.policy === policy;
      button.setAttribute("aria-checked", String(on));
      button.tabIndex = on ? 0 : -1;
    }
    $("fork-make").disabled = making;
    set($("fork-make"), gc.t(making ? "fork.make.making" : "fork.make.go"));
  }
  const refuse = (words) => {
    $("fork-refused").hidden = !words;
    set($("fork-refused"), words);
  };
  document.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!by || !event.target.matches?.(".fork-policy")) return;
    event.preventDefault();
    gc.actions["fork-policy"](POLICIES[(POLICIES.indexOf(policy) + by + POLICIES.length) % POLICIES.length]);
    $("fork-policies").querySelector('[aria-checked="true"]').focus();
  });
  Object.assign(gc.actions, {
    "fork-policy": (name) => {
      policy = name;
      drawMake();
    },
    "fork-make": async () => {
      if (making) return;
      const at = gc.replays.fromLocal($("fork-at").value);
      const until = $("fork-until").value.trim() ? gc.replays.fromLocal($("fork-until").value) : undefined;
      const seed = Number($("fork-seed").value);
      const actor = $("fork-actor").value.trim();
      const [name, note] = ["fork-name", "fork-note"].map((id) => $(id).value.trim());
      if (at === null || until === null) return refuse(gc.t("fork.make.when"));
      if (!Number.isInteger(seed) || seed < 0) return refuse(gc.t("fork.make.seed.bad"));
      if (!actor) return refuse(gc.t("fork.make.who"));
      localStorage.setItem(ACTOR, actor);
      making = true;
      refuse("");
      drawMake();
      const iso = (ms) => new Date(ms).toISOString();
      try {
        const made = await gc.api("/forks", { of: $("fork-of").value, at: iso(at), policy, seed, actor, ...(until ? { until: iso(until) } : {}), ...(name ? { name } : {}), ...(note ? { note } : {}) });
        return void location.assign(forks.to("/fork", made.timeline));
      } catch (error) {
        refuse(error.message);
      }
      making = false;
      drawMake();
    },
    "fork-delete": async (timeline) => {
      if (sure !== timeline) {
        sure = timeline;
        return drawList();
      }
      sure = "";
      refused = "";
      await forks.remove(timeline).catch((error) => { refused = error.message; });
      read();
    },
  });

  // --- what came of them: asked for one after the other, once for each that is over ----------------------------------------------
  const FEW = 5; // a comparison takes the server seconds: of older ones it is asked for when somebody opens it
  const KEPT = "gridcommand.fork.results";
  const results = new Map();
  try {
    for (const [key, gain] of JSON.parse(localStorage.getItem(KEPT) ?? "[]")) results.set(key, gain);
  } catch {
    // What cannot be read is asked for again.
  }
  const tried = new Set(); // whose comparison was refused: not asked again on this page
  const keyOf = (it) => `${it.timeline} ${it.made_at}`;
  /** What came of one that is over does not change any more: this browser keeps it. */
  forks.keep = (it, found) => {
    results.set(keyOf(it), forks.gain(found[forks.part(found)]));
    localStorage.setItem(KEPT, JSON.stringify([...results].slice(-50)));
  };
  let asking = "";
  async function compare() {
    const next = !asking && [...known].reverse().slice(0, FEW).find((it) => forks.phase(it) === "done" && !results.has(keyOf(it)) && !tried.has(keyOf(it)));
    if (!next) return;
    asking = keyOf(next);
    const found = await gc.api(forks.path(next.timeline, "/comparison")).catch(() => null);
    if (found) forks.keep(next, found);
    else tried.add(asking);
    asking = "";
    if (!here()) return;
    drawList();
    compare();
  }

  // --- those there are --------------------------------------------------------------------------------------------------------
  function result(it) {
    const phase = forks.phase(it);
    if (phase === "failed") return [forks.error(it), ""];
    if (phase === "making") return [gc.t("fork.making", { share: it.progress ? gc.percent(it.progress) : "" }), ""];
    if (asking === keyOf(it)) return [gc.t("fork.item.asking"), ""];
    const found = results.get(keyOf(it));
    if (found === undefined) return ["", ""];
    if (!found) return [phase === "done" ? gc.t("fork.item.nothing") : "", ""];
    const verdict = forks.verdict(found.mean);
    return [gc.t(`fork.item.${verdict}`, { minutes: forks.minutes(Math.abs(found.mean)) }), verdict];
  }
  function empty(host) {
    host.replaceChildren(el("li", { class: "fork-none" }, el("h2", { text: gc.t("fork.none") }), el("p", { text: gc.t("fork.none.how") }),
      el("ul", {}, ...["fork.none.1", "fork.none.2", "fork.none.3"].map((key) => el("li", { text: gc.t(key) })))));
  }
  function drawList() {
    const host = $("fork-list");
    host.classList.remove("skeleton");
    $("panel-fork-list").classList.toggle("is-away", !!refused);
    if (refused && !known) return host.replaceChildren(el("li", { class: "refusal", text: refused }));
    if (!known) return;
    if (!known.length) return empty(host);
    keyed(host, [...known].reverse(), (it) => it.timeline,
      (it) => el("li", { class: "fork-item" },
        el("span", { class: "drill-phase" }),
        el("span", { class: "fork-item-name" }, el("b"), el("small", { class: "num" })),
        el("span", { class: "fork-item-when num" }),
        el("span", { class: "fork-item-result" }),
        el("span", { class: "fork-item-by" }),
        el("span", { class: "fork-item-ways" },
          ...[["compare", "/fork"], ["wall", "/"], ["desk", "/desk"]].map(([name, page]) => el("a", { class: name === "compare" ? "primary small" : "link", "data-name": name, "data-page": page, ...(name === "compare" ? {} : { target: "_blank", rel: "noopener" }) })),
          el("button", { type: "button", class: "link", "data-action": `fork-delete:${it.timeline}` }))),
      (node, it) => {
        const [phase, name, when, said, by, ways] = node.children;
        const now = forks.phase(it);
        node.dataset.phase = phase.dataset.phase = now;
        set(phase, forks.phaseWords(it));
        set(name.firstChild, forks.name(it));
        set(name.lastChild, it.timeline);
        const span = { of: forks.of(it.of), from: gc.minute(gc.ms(it.at)), to: it.until ? gc.minute(gc.ms(it.until)) : "" };
        set(when, gc.t(it.until ? "fork.item.of" : "fork.item.from", span));
        const [words, verdict] = result(it);
        set(said, words);
        said.dataset.verdict = verdict;
        set(by, gc.t("fork.item.who", { policy: forks.policy(it), seed: it.seed, by: it.actor }));
        for (const way of ways.querySelectorAll("a")) {
          set(way, gc.t(`fork.go.${way.dataset.name}`));
          way.href = forks.to(way.dataset.page, it.timeline);
        }
        ways.lastChild.classList.toggle("is-sure", sure === it.timeline);
        set(ways.lastChild, gc.t(sure === it.timeline ? "fork.delete.sure" : "fork.delete"));
      });
  }
  async function read() {
    clearTimeout(timer);
    if (!here()) return;
    timer = setTimeout(read, EVERY_MS);
    if (document.hidden && known) return;
    const found = await gc.api("/forks").catch((error) => { refused = error.message; return null; });
    if (found) {
      known = found.forks;
      refused = "";
      compare();
    }
    if (here()) draw();
  }
  const draw = () => {
    drawMake();
    drawList();
  };
  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    usual?.(...args);
    if (!here()) return;
    draw();
    if (!timer) read();
  };
})();
