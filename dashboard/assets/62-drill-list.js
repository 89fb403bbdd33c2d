// The page of exercises: the scenarios, each with the faults of its file; a form that makes a drill of one; the drills there are.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  const EVERY_MS = 3000;
  const POLICIES = ["", "nearest-by-road", "nearest-straight-line", "none"];
  let scenarios = null;
  let drills = null;
  let chosen = "";
  let refused = { scenarios: "", drills: "" };
  let making = false;
  let timer = 0;
  const here = () => gc.address?.page === "/drill" && $("drill-scenarios");
  const both = (it) => gc.name({ name: it.zh, name_en: it.en });
  gc.lasts = (seconds) => gc.t("drill.lasts", { h: Math.floor(seconds / 3600), m: String(Math.round(seconds / 60) % 60).padStart(2, "0") });
  gc.controller = {
    KEY: "gridcommand.drill.actor",
    get name() { return (($("drill-actor")?.value ?? localStorage.getItem(this.KEY)) || `${gc.t("drill.actor.usual")} 1`).trim(); },
    /** The field of who acts, kept by this browser. */
    field: () => el("input", { id: "drill-actor", class: "input", maxlength: 60, autocomplete: "off", value: gc.controller.name, "aria-label": gc.t("drill.actor.label"), onchange: (event) => localStorage.setItem(gc.controller.KEY, event.target.value.trim()) }),
  };

  // --- scenarios ---------------------------------------------------------------------------------------------------
  const FEW = 3;
  /** What is wrong with a file, line by line. Those that ship speak of the demonstration district: elsewhere all of it is wrong. */
  function told(it, faults) {
    const folded = it.shipped || faults.length > FEW;
    const words = el(folded ? "summary" : "b", { text: gc.t(it.shipped ? "drill.scenario.elsewhere" : "drill.scenario.faulty", { n: gc.num(faults.length) }) });
    return el(folded ? "details" : "div", { class: "scenario-faults" }, words, el("ul", {}, ...faults.map((line) => el("li", { class: "num", text: line }))));
  }
  /** What can be played first, then the operator's own that have to be mended. */
  const rank = (it) => (it.faults?.length ? (it.shipped ? 2 : 1) : 0);
  function drawScenarios() {
    const host = $("drill-scenarios");
    host.classList.remove("skeleton");
    if (refused.scenarios && !scenarios) return host.replaceChildren(el("li", { class: "refusal", text: refused.scenarios }));
    if (!scenarios) return;
    if (!scenarios.length) return gc.empty(host, "drill.scenarios.none");
    keyed(host, scenarios, (it) => it.id,
      () => el("li", { class: "scenario" }),
      (node, it) => {
        const faults = (gc.lang === "zh" ? it.faults_zh : it.faults) ?? [];
        const key = JSON.stringify([it, gc.lang, chosen === it.id]);
        if (node.dataset.drawn === key) return;
        node.dataset.drawn = key;
        node.classList.toggle("is-chosen", chosen === it.id);
        node.classList.toggle("is-faulty", faults.length > 0);
        const start = Number.isFinite(gc.ms(it.start)) ? gc.minute(gc.ms(it.start)) : "–";
        node.replaceChildren(
          el("button", { type: "button", class: "scenario-pick", "data-action": `drill-choose:${it.id}`, "aria-pressed": String(chosen === it.id), disabled: faults.length > 0 },
            el("span", { class: "scenario-name", text: both(it) || it.id }),
            el("span", { class: "scenario-id num", text: it.id }),
            el("span", { class: "scenario-facts num", text: faults.length ? "" : gc.t("drill.scenario.facts", { start, lasts: gc.lasts(it.duration_s), injects: gc.num(it.injects), objectives: gc.num(it.objectives) }) }),
            el("span", { class: "scenario-from", text: gc.t(it.shipped ? "drill.scenario.shipped" : "drill.scenario.own") })),
          ...(faults.length ? [told(it, faults)] : []));
      });
  }

  // --- a new drill ----------------------------------------------------------------------------------------------------
  const field = (key, control, note = "") => el("label", { class: "field" }, el("span", { class: "field-name", "data-i18n": key, text: gc.t(key) }), control, note ? el("small", { class: "drill-hint", "data-i18n": note, text: gc.t(note) }) : null);
  function fields() {
    const host = $("drill-make-fields");
    if (host.firstChild) return;
    const select = el("select", { id: "drill-policy", class: "select" }, ...POLICIES.map((policy) => el("option", { value: policy, "data-i18n": `drill.policy.${policy || "people"}`, text: gc.t(`drill.policy.${policy || "people"}`) })));
    host.append(
      field("drill.make.run", el("input", { id: "drill-run", class: "input", maxlength: 24, autocomplete: "off", spellcheck: "false" }), "drill.make.run.note"),
      field("drill.make.policy", select, "drill.make.policy.note"),
      field("drill.make.seed", el("input", { id: "drill-seed", class: "input num", type: "number", min: 0, max: 2_147_483_647, step: 1, value: 1 }), "drill.make.seed.note"),
      field("drill.actor.label", gc.controller.field()));
    host.addEventListener("keydown", (event) => event.key === "Enter" && event.target.matches("input") && gc.actions["drill-make"]());
  }
  function drawMake() {
    fields();
    const it = scenarios?.find(({ id }) => id === chosen);
    $("drill-make").disabled = !it || making;
    set($("drill-make"), gc.t(making ? "drill.make.making" : "drill.make.go"));
    const key = `${it?.id} ${gc.lang}`;
    if ($("drill-chosen").dataset.drawn === key) return;
    $("drill-chosen").dataset.drawn = key;
    $("drill-chosen").replaceChildren(it ? el("b", { text: both(it) }) : el("span", { class: "empty", text: gc.t("drill.make.choose") }));
  }
  const refuse = (words) => {
    $("drill-make-refused").hidden = !words;
    set($("drill-make-refused"), words);
  };
  Object.assign(gc.actions, {
    "drill-choose": (id) => {
      chosen = id;
      refuse("");
      drawScenarios();
      drawMake();
    },
    "drill-make": async () => {
      if (!chosen || making) return;
      const run = $("drill-run").value.trim();
      const seed = Number($("drill-seed").value);
      const policy = $("drill-policy").value;
      if (!gc.controller.name) return refuse(gc.t("drill.actor.missing"));
      if (!Number.isInteger(seed) || seed < 0) return refuse(gc.t("drill.make.seed.bad"));
      making = true;
      refuse("");
      drawMake();
      try {
        const made = await gc.api("/drills", { scenario: chosen, seed, actor: gc.controller.name, ...(run ? { run } : {}), ...(policy ? { policy } : {}) });
        location.assign(`/drill${gc.searchWith({ timeline: made.timeline })}`);
      } catch (error) {
        refuse(error.message);
      }
      making = false;
      drawMake();
    },
  });

  // --- drills there are --------------------------------------------------------------------------------------------------
  function drawDrills() {
    const host = $("drill-list");
    host.classList.remove("skeleton");
    if (refused.drills && !drills) return host.replaceChildren(el("li", { class: "refusal", text: refused.drills }));
    if (!drills) return;
    if (!drills.length) return host.replaceChildren(el("li", { class: "drill-none" }, el("p", { text: gc.t("drill.drills.none") }), el("p", { class: "empty", text: gc.t("drill.drills.none.how") })));
    const to = (page, it) => `${page}?${new URLSearchParams({ timeline: it.timeline, ...(gc.lang === gc.boot.lang ? {} : { lang: gc.lang }) })}`;
    keyed(host, drills, (it) => it.timeline,
      (it) => el("li", { class: "drill-item" },
        el("span", { class: "drill-phase" }),
        el("span", { class: "drill-item-name" }, el("b"), el("small", { class: "num" })),
        el("span", { class: "drill-item-when num" }),
        el("span", { class: "drill-item-by" }),
        el("span", { class: "drill-item-ways" },
          ...[["console", "/drill"], ["wall", "/"], ["desk", "/desk"], ["report", "/report"]].map(([name, page]) => el("a", { class: name === "console" ? "primary small" : "link", "data-name": name, href: to(page, it), ...(name === "console" ? {} : { target: "_blank", rel: "noopener" }) })))),
      (node, it) => {
        const [phase, name, when, by, ways] = node.children;
        node.dataset.phase = it.phase;
        phase.dataset.phase = it.phase;
        set(phase, `${gc.phaseSign(it.phase)} ${gc.t(`drill.phase.${it.phase}`)}`);
        set(name.firstChild, both(it) || it.scenario);
        set(name.lastChild, it.timeline);
        set(when, gc.t("drill.item.when", { at: gc.minute(gc.ms(it.now)), rate: it.phase === "running" ? ` · ${gc.num(it.rate)}×` : "" }));
        set(by, [gc.t(`drill.policy.${it.policy || "people"}`), it.made_by && gc.t("drill.item.by", { by: it.made_by })].filter(Boolean).join(" · "));
        for (const way of ways.children) set(way, gc.t(`drill.go.${way.dataset.name}`));
      });
  }

  // --- coming ------------------------------------------------------------------------------------------------------------
  async function read() {
    clearTimeout(timer);
    if (!here()) return;
    timer = setTimeout(read, EVERY_MS);
    if (document.hidden && drills) return;
    const ask = (what, path) => gc.api(path).then((found) => { refused[what] = ""; return found; }, (error) => { refused[what] = error.message; return null; });
    const [one, two] = await Promise.all([ask("scenarios", "/drills/scenarios"), ask("drills", "/drills")]);
    scenarios = one ? [...one].sort((a, b) => rank(a) - rank(b)) : scenarios;
    drills = two ?? drills;
    if (!chosen) chosen = scenarios?.find((it) => !it.faults?.length)?.id ?? "";
    if (here()) draw();
  }
  function draw() {
    drawScenarios();
    drawMake();
    drawDrills();
    for (const [what, key] of [["drill-list", "drills"], ["drill-scenarios", "scenarios"]]) $(`panel-${what}`).classList.toggle("is-away", !!refused[key]);
  }
  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    usual?.(...args);
    if (!here()) return;
    draw();
    if (!timer) read();
  };
})();
