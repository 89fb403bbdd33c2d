// One what-if beside its original: what is known of both, the finding in large figures, and the hands of who plays it.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, forks } = gc;
  if (!forks || gc.timeline === "live") return;

  const LOOK_MS = 2000;
  const COMPARE_MS = 8000; // while people play it
  const beside = (gc.beside = {
    fork: null, // as GET /forks/{timeline} tells it
    found: null, // the comparison
    part: "all", // of which incidents the finding is
    against: "original", // the course that the what-if is measured by: the record, or history's own units in the same model
    rows: [], // incidents by the time of their report: {id, t, then, fork, gained, ...}
    from: 0,
    to: 1,
    listeners: [], // told when the comparison changed, or the language
  });
  /** The incidents that the finding is about. */
  beside.counted = () => (beside.part === "all" ? beside.rows : beside.rows.filter((row) => row.on_roads));
  let timer = 0;
  let compared = -Infinity;
  let comparedPhase = ""; // what its phase was then
  let refused = "";
  const here = () => gc.address?.page === "/fork" && $("fork-board");

  // --- reading --------------------------------------------------------------------------------------------------------------
  function take(found) {
    beside.found = found;
    beside.part = forks.part(found);
    const gain = forks.gain(found[beside.part]);
    beside.against = gain?.against ?? "original";
    beside.rows = found.incidents
      .map((it) => {
        const then = it[beside.against] ?? null;
        const gained = then === null || it.fork === null || it.fork === undefined ? null : then - it.fork;
        return { ...it, t: gc.ms(it.opened), then, fork: it.fork ?? null, gained };
      })
      .sort((a, b) => a.t - b.t);
    for (const listener of beside.listeners) listener();
  }
  async function look() {
    clearTimeout(timer);
    if (!here()) return;
    try {
      const it = await gc.api(forks.path(gc.timeline));
      const phase = forks.phase(it);
      const whole = { at: gc.ms(it.at), now: gc.ms(it.now ?? it.until ?? it.at), until: gc.ms(it.until ?? it.at) };
      beside.fork = it;
      [beside.from, beside.to] = [whole.at, Math.max(whole.at + 60_000, forks.played(it) ? Math.max(whole.now, whole.at + 600_000) : whole.until)];
      refused = phase === "failed" ? forks.error(it) || gc.t("fork.phase.failed") : "";
      const due = performance.now() - compared > COMPARE_MS;
      if (phase !== "making" && phase !== "failed" && (phase !== comparedPhase || (phase === "running" && due))) {
        const found = await gc.api(forks.path(gc.timeline, "/comparison"));
        compared = performance.now();
        comparedPhase = phase;
        if (phase === "done") forks.keep(it, found);
        take(found);
      }
    } catch (error) {
      refused = error.message;
    }
    draw();
    const phase = beside.fork && forks.phase(beside.fork);
    if (!phase || ["making", "running", "paused"].includes(phase)) timer = setTimeout(look, document.hidden ? 3 * LOOK_MS : LOOK_MS);
    else if (phase !== "failed" && phase !== comparedPhase) timer = setTimeout(look, COMPARE_MS); // the last comparison was refused
  }
  beside.look = look;

  // --- the finding ------------------------------------------------------------------------------------------------------------
  function finding() {
    const gain = forks.gain(beside.found?.[beside.part]);
    const phase = beside.fork && forks.phase(beside.fork);
    if (!gain) {
      const share = beside.fork?.progress ? gc.percent(beside.fork.progress) : "";
      set($("fork-hero"), "–");
      set($("fork-hero-word"), phase === "making" ? gc.t("fork.making", { share }) : beside.found ? gc.t("fork.nothing") : "");
      set($("fork-against"), beside.found ? gc.t("fork.nothing.how") : "");
      return $("fork-tally").replaceChildren();
    }
    const verdict = forks.verdict(gain.mean);
    $("fork-hero").dataset.verdict = verdict;
    $("fork-hero").dataset.value = gain.mean;
    set($("fork-hero"), gc.t("fork.minutes", { n: forks.minutes(Math.abs(gain.mean)) }));
    set($("fork-hero-word"), gc.t(`fork.${verdict}`));
    const away = beside.rows.length - beside.counted().length;
    set($("fork-against"), gc.t(`fork.against.${gain.against}`, { n: gc.num(gain.n) }) + (away ? gc.t("fork.against.roads", { n: gc.num(away) }) : ""));
    const missed = beside.counted().filter((row) => row.then !== null && row.fork === null).length;
    const counts = { sooner: gain.sooner, same: gain.n - gain.sooner - gain.later, later: gain.later, ...(missed ? { missed } : {}) };
    $("fork-tally").replaceChildren(
      el("div", { class: "fork-tally-bar", "aria-hidden": "true" }, ...Object.entries(counts).map(([name, n]) => el("i", { "data-verdict": name, style: `flex-grow:${n}` }))),
      el("div", { class: "fork-tally-words" }, ...Object.entries(counts).map(([name, n]) => el("span", { "data-verdict": name, text: gc.t(`fork.n.${name}`, { n: gc.num(n) }) }))));
  }
  function courses() {
    const all = beside.found?.[beside.part];
    if (!all) return $("fork-courses").replaceChildren();
    const names = ["original", "baseline", "fork"].filter((name) => all[name]?.n);
    const cell = (words, more = {}) => el("td", { class: "num", ...more, text: words });
    const head = ["p50", "p90", "mean", "n", "never"];
    $("fork-courses").replaceChildren(el("table", { class: "fork-courses-table" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col", text: gc.t("fork.course") }), ...head.map((key) => el("th", { scope: "col", text: gc.t(`fork.col.${key}`) })))),
      el("tbody", {}, ...names.map((name) => el("tr", { "data-course": name }, el("th", { scope: "row" }, el("i", { "aria-hidden": "true" }), gc.t(`fork.course.${name}`)),
        ...["p50", "p90", "mean"].map((key) => cell(forks.minutes(all[name][key]), { class: `num is-${key}` })), cell(gc.num(all[name].n)), cell(gc.num(all.never?.[name])))))));
  }
  function facts() {
    const it = beside.fork;
    if (!it) return;
    set($("fork-note"), it.note || gc.name({ name: it.zh, name_en: it.en }));
    const travel = gc.has(`fork.travel.${it.travel}`) ? gc.t(`fork.travel.${it.travel}`) : gc.t("fork.travel.roads");
    const span = `${gc.minute(gc.ms(it.at))} – ${it.until ? gc.minute(gc.ms(it.until)).slice(it.at.slice(0, 10) === it.until.slice(0, 10) ? 11 : 0) : ""}`;
    const rows = [["of", forks.of(it.of)], ["span", span], ["policy", forks.policy(it)], ["travel", travel], ["seed", String(it.seed)], ["by", it.actor]];
    $("fork-facts").replaceChildren(...rows.map(([key, words]) => el("div", { class: "fork-fact", "data-fact": key }, el("dt", { text: gc.t(`fork.fact.${key}`) }), el("dd", { class: "num", text: words }))));
  }

  // --- those who play it --------------------------------------------------------------------------------------------------------
  function hands() {
    const it = beside.fork;
    const phase = it && forks.phase(it);
    const played = !!it && forks.played(it) && ["paused", "running"].includes(phase);
    $("fork-board").dataset.phase = phase ?? "";
    $("fork-go").hidden = $("fork-rates").hidden = !played;
    if (played) {
      const begun = gc.ms(it.now ?? it.at) > gc.ms(it.at);
      set($("fork-go"), gc.t(phase === "running" ? "fork.pause" : begun ? "fork.resume" : "fork.start"));
      for (const button of $("fork-rates").children) button.setAttribute("aria-pressed", String(Number(button.dataset.rate) === pace()));
    }
    const ways = $("fork-ways");
    if (!$("fork-open-desk")) ways.replaceChildren(el("span", { class: "drill-phase" }), ...["desk", "wall"].map((name) => el("a", { id: `fork-open-${name}`, target: "_blank", rel: "noopener" })), el("a", { class: "link" }));
    const [state, desk, wall, list] = ways.children;
    state.dataset.phase = phase ?? "";
    set(state, it ? forks.phaseWords(it) : "");
    desk.className = wall.className = played ? "secondary small" : "link";
    for (const [link, name, href] of [[desk, "desk", forks.to("/desk", gc.timeline)], [wall, "wall", forks.to("/", gc.timeline)], [list, "list", forks.to("/fork")]]) {
      link.href = href;
      set(link, gc.t(`fork.go.${name}`));
    }
    $("fork-refused").hidden = !refused;
    set($("fork-refused"), refused);
  }
  let wanted = null;
  const pace = () => wanted ?? (beside.fork?.rate || 1);
  const act = async (name) => {
    refused = "";
    try {
      await gc.api(forks.path(gc.timeline, `/${name}`), name === "start" ? { rate: pace(), actor: actor() } : { actor: actor() });
    } catch (error) {
      refused = error.message;
      return hands();
    }
    await look();
  };
  const actor = () => localStorage.getItem("gridcommand.fork.actor") || localStorage.getItem("gridcommand.desk") || `${gc.t("desk.actor")} 1`;
  Object.assign(gc.actions, {
    "fork-go": () => act(forks.phase(beside.fork) === "running" ? "pause" : "start"),
    "fork-rate": (rate) => {
      wanted = Number(rate);
      hands();
      if (forks.phase(beside.fork) === "running") act("start");
    },
  });

  function draw() {
    if (!here()) return;
    finding();
    courses();
    facts();
    hands();
  }
  let said = "";
  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    usual?.(...args);
    if (!here()) return;
    draw();
    if (said && said !== gc.lang && beside.found) for (const listener of beside.listeners) listener();
    said = gc.lang;
    if (!timer && !beside.fork) look();
  };
})();
