// A page of a timeline that is not real: an exercise (drill:…), or what would have been (fork:…). It says so by words, frame and
// watermark, shows that timeline's own time, and names it in its title. Nothing of this is on a live page.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set } = gc;
  const EVERY_MS = 1000;
  const HIDDEN_MS = 5000;
  const OVER_MS = 60_000; // a what-if that is over only can be deleted
  const AWAY_MS = 4000; // so long without an answer is said
  const ASKED = gc.boot.exercise ?? {};
  const PHASES = { prepared: "○", running: "●", paused: "❚❚", ended: "■" };
  gc.phaseSign = (phase) => PHASES[phase] ?? "";

  let held = null; // {t, at, rate}: at `at` of this page's own clock the exercise's stood at `t`
  let heard = performance.now();
  let timer = 0;
  let gone = "";
  let drawn = "";
  const exercise = {
    timeline: gc.timeline, kind: "", zh: ASKED.zh ?? "", en: ASKED.en ?? "",
    state: null, // as GET /drills/{timeline} tells it; of a fork what of it stands there
    unread: 0, // messages that nobody acknowledged yet
    listeners: [], // told each time the state was read
    away: false, // the server has not answered for a while
  };

  // --- its clock -----------------------------------------------------------------------------------------------
  exercise.path = (rest = "") => `/${exercise.kind === "fork" ? "forks" : "drills"}/${encodeURIComponent(exercise.timeline)}${rest}`;
  const PHASE_OF = { making: "prepared", done: "ended", failed: "ended" };
  const ofFork = ({ now, until, state, rate, zh, en, policy }) => ({
    now, end: until, phase: PHASE_OF[state] ?? state, rate, zh: zh || exercise.zh, en: en || exercise.en, played: policy === "players",
  });
  const reading = () => (held ? held.t + (performance.now() - held.at) * held.rate : null);
  /** What the exercise's clock shows, ms; null until it was told. It goes on between two answers. */
  exercise.now = () => {
    const t = reading();
    return t === null || !exercise.state.end ? t : Math.min(t, Math.max(gc.ms(exercise.state.end), held.t));
  };
  function anchor(state) {
    const t = gc.ms(state.now);
    const rate = state.phase === "running" ? state.rate : 0;
    const off = held ? t - reading() : Infinity;
    // An answer's way takes now a little longer, now less: the clock does not tremble with it.
    if (held?.rate === rate && Math.abs(off) < 500 * Math.max(1, rate)) return;
    held = { t, at: performance.now(), rate };
  }
  exercise.take = (state) => {
    heard = performance.now();
    exercise.away = false;
    anchor(state);
    exercise.state = state;
    Object.assign(exercise, { zh: state.zh, en: state.en });
    draw();
    for (const listener of exercise.listeners) listener(state);
    if (gc.address && !gc.replay) gc.tick();
  };
  /** Read its state now; then again each second while it goes on. */
  exercise.look = async () => {
    clearTimeout(timer);
    const console = location.pathname === "/drill";
    try {
      const told = await gc.api(exercise.path(console || exercise.kind === "fork" ? "" : "?role=player"));
      exercise.take(exercise.kind === "fork" ? ofFork(told) : told);
    } catch (error) {
      if (error.status === 404) return missing(error.message);
      exercise.away = performance.now() - heard > AWAY_MS;
      // Nobody knows how the clock goes on: it stands at what it showed.
      if (exercise.away && held) held = { t: reading(), at: performance.now(), rate: 0 };
      draw();
    }
    const over = exercise.kind === "fork" && exercise.state?.phase === "ended" && !exercise.away;
    timer = setTimeout(exercise.look, over ? OVER_MS : document.hidden ? HIDDEN_MS : EVERY_MS);
  };
  document.addEventListener("visibilitychange", () => !document.hidden && timer && exercise.look());

  // --- what it says ----------------------------------------------------------------------------------------------
  const word = () => gc.t(`exercise.${exercise.kind}.word`);
  exercise.name = () => gc.name({ name: exercise.zh, name_en: exercise.en }) || exercise.timeline.split(":").slice(1).join(" ");
  exercise.run = () => exercise.timeline.split(":").slice(2).join(":");
  /** In place of "Live". */
  exercise.words = () => {
    const { state } = exercise;
    if (!state || (exercise.kind === "fork" && !state.played)) return word();
    const pace = state.phase === "running" && state.rate !== 1 ? ` ${gc.num(state.rate)}×` : "";
    return `${word()} · ${gc.t(`drill.phase.${state.phase}`)}${pace}`;
  };
  const link = (id, href, key) => el("a", { id, class: "link", href, "data-i18n": key, text: gc.t(key) });
  const query = (keep) => {
    const params = new URLSearchParams({ ...(keep ? { timeline: exercise.timeline } : {}), ...(gc.lang === gc.boot.lang ? {} : { lang: gc.lang }) });
    return params.size ? `?${params}` : "";
  };
  function strip() {
    const drill = exercise.kind === "drill";
    const console = drill && location.pathname !== "/drill";
    return el("section", { id: "exercise", class: "exercise", "data-i18n-label": `exercise.${exercise.kind}.what` },
      el("div", { class: "exercise-row" },
        el("b", { class: "exercise-word", text: gc.t(`exercise.${exercise.kind}.both`) }),
        el("span", { id: "exercise-name", class: "exercise-name" }),
        el("span", { id: "exercise-clock", class: "exercise-clock num" }),
        el("span", { id: "exercise-said", class: "exercise-said", role: "status" }),
        el("span", { class: "exercise-ways" },
          el("button", { type: "button", id: "exercise-messages-open", class: "link", "data-action": "exercise-messages", hidden: true }),
          console ? link("exercise-console", `/drill${query(true)}`, "exercise.console") : null,
          !drill && location.pathname !== "/fork" ? link("exercise-compare", `/fork${query(true)}`, "exercise.compare") : null,
          link("exercise-leave", `/${query(false)}`, "exercise.leave"))),
      el("div", { id: "exercise-message", class: "exercise-message", role: "alert", hidden: true }));
  }
  function draw() {
    if (!$("exercise")) return;
    const { state } = exercise;
    set($("exercise-name"), [exercise.name(), exercise.run()].filter(Boolean).join(" · "));
    const t = exercise.now();
    const fork = exercise.kind === "fork";
    const clock = fork && state?.played && state.phase !== "ended" ? "exercise.fork.time" : `exercise.${exercise.kind}.clock`;
    set($("exercise-clock"), t === null || gc.replay ? "" : gc.t(clock, { at: fork ? gc.minute(t) : gc.clock(t) }));
    const still = state?.phase && state.phase !== "running" && !gc.replay && !(fork && !state.played);
    const said = exercise.away ? gc.t("exercise.away") : still ? gc.t(`exercise.${fork ? "fork." : ""}phase.${state.phase}`) : gc.t(`exercise.${exercise.kind}.not`);
    set($("exercise-said"), said);
    $("exercise").dataset.phase = exercise.away ? "away" : state?.phase ?? "";
    document.documentElement.dataset.exercise = state?.phase ?? "";
    const all = `${exercise.unread} ${gc.lang} ${state?.phase}`;
    if (all === drawn) return;
    drawn = all;
    set($("exercise").querySelector(".exercise-word"), gc.t(`exercise.${exercise.kind}.both`));
    for (const [id, keep, page] of [["exercise-leave", false, "/"], ["exercise-console", true, "/drill"], ["exercise-compare", true, "/fork"]]) if ($(id)) $(id).href = page + query(keep);
    gc.entitle(titled);
  }
  exercise.draw = draw;

  // --- from here on this page is of an exercise -------------------------------------------------------------------
  let titled = document.title;
  function begin(timeline) {
    if (gc.exercise) return;
    exercise.timeline = timeline;
    exercise.kind = timeline.startsWith("fork:") ? "fork" : "drill";
    gc.exercise = exercise;
    document.documentElement.classList.add("is-exercise", `is-${exercise.kind}`);
    const plain = gc.entitle;
    gc.entitle = (words) => {
      titled = words;
      plain(`${exercise.unread ? `(${exercise.unread}) ` : ""}${word()} · ${words}`);
    };
    gc.entitle(titled);
    for (const words of Object.values(gc.boot.text)) {
      if (!gc.replay) words["panel.ticker"] = words["exercise.ticker"]; // nothing here is live
      words["replay.back"] = words["exercise.replay.back"];
    }
    document.body.append(strip());
    const speak = gc.speak;
    gc.speak = (...args) => {
      speak(...args);
      drawn = "";
      draw();
      for (const listener of exercise.listeners) if (exercise.state) listener(exercise.state);
    };
    draw();
    if (!gc.replay) {
      const usual = gc.now;
      gc.now = () => exercise.now() ?? usual();
      const tick = gc.tick;
      gc.tick = () => {
        draw();
        if (exercise.now() !== null) return tick();
        set($("clock-time"), "–"); // until its time is known no other is shown
        set($("clock-date"), "");
      };
    }
    if (exercise.kind === "drill" || !gc.replay) exercise.look();
  }
  window.addEventListener("gridcommand", ({ detail }) => {
    const told = detail.panel?.exercise;
    if (!gc.exercise || told?.timeline !== exercise.timeline || (told.zh === exercise.zh && told.en === exercise.en)) return;
    Object.assign(exercise, { zh: told.zh, en: told.en });
    draw();
  });
  /** There is no such exercise: nothing of the page can be true. */
  function missing(why) {
    if (gone) return;
    gone = why;
    document.body.append(el("div", { id: "exercise-missing", class: "overlay exercise-over", role: "alert" }, el("div", { class: "notice-box" },
      el("h2", { text: gc.t(`exercise.${exercise.kind}.missing`) }), el("p", { class: "detail", text: why }),
      el("div", { class: "replay-over-ways" },
        el("a", { class: "primary", href: `/${exercise.kind}${query(false)}`, text: gc.t(`${exercise.kind === "fork" ? "exercise.fork" : "drill"}.open.list`) }),
        el("a", { class: "secondary", href: `/${query(false)}`, text: gc.t("exercise.leave") })))));
  }
  if (gc.timeline !== "live") begin(gc.timeline);
  // A replay tells itself whose past it shows.
  else gc.replays.listeners.push((it) => it.timeline !== "live" && begin(it.timeline));
})();
