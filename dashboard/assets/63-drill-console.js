// The controllers' console: the exercise's clock, what moves it, what comes next. A command's answer is the drill's new state.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set } = gc;
  const { exercise } = gc;
  if (!exercise || exercise.kind !== "drill" || location.pathname !== "/drill") return;
  const SURE_MS = 4000;
  const REFUSED_MS = 12_000;
  const console_ = (gc.console = { busy: "", listeners: [] });
  const here = () => !!$("drill-board");
  const started = () => ["running", "paused"].includes(exercise.state?.phase);
  console_.started = started;
  console_.over = () => exercise.state?.phase === "ended";
  let pace = 1; // seconds of the exercise a second that the next start has
  let ending = 0;
  let refusing = 0;

  // --- times ---------------------------------------------------------------------------------------------------------
  const two = (n) => String(n).padStart(2, "0");
  /** 1:05:09 of the exercise, with its sign where it is below zero. */
  console_.span = (ms) => {
    const s = Math.floor(Math.abs(ms) / 1000);
    return `${ms < 0 ? "−" : ""}${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  };
  /** How long until or since, in short: 0:42, 12:05, 1:30:00. */
  console_.short = (ms) => {
    const s = Math.floor(Math.abs(ms) / 1000);
    return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  };
  console_.words = (it) => gc.name({ name: it.zh, name_en: it.en });

  // --- commands --------------------------------------------------------------------------------------------------------
  console_.refuse = (words) => {
    $("drill-refused").hidden = !words;
    set($("drill-refused"), words);
    clearTimeout(refusing);
    if (words) refusing = setTimeout(() => console_.refuse(""), REFUSED_MS);
  };
  /** Do something with the drill; returns whether it was done. `say` takes a refusal in place of the board. */
  console_.act = async (name, body = {}, say = console_.refuse) => {
    const actor = gc.controller.name;
    if (!actor) {
      $("drill-actor")?.focus();
      say(gc.t("drill.actor.missing"));
      return false;
    }
    if (console_.busy) return false;
    console_.busy = name;
    say("");
    draw();
    let done = true;
    try {
      exercise.take(await gc.api(exercise.path(`/${name}`), { ...body, actor }));
    } catch (error) {
      done = false;
      say(error.message);
    }
    console_.busy = "";
    exercise.look();
    draw();
    return done;
  };
  const unsure = () => {
    clearTimeout(ending);
    ending = 0;
    draw();
  };
  Object.assign(gc.actions, {
    "drill-go": () => {
      const phase = exercise.state?.phase;
      if (phase === "prepared") return console_.act("start", { rate: pace });
      if (phase === "running") return console_.act("pause");
      if (phase === "paused") return console_.act("resume", { rate: pace });
    },
    "drill-end": async () => {
      if (console_.over()) return;
      if (!ending) {
        ending = setTimeout(unsure, SURE_MS);
        return draw();
      }
      unsure();
      await console_.act("end");
    },
    "drill-rate": async (words) => {
      const rate = (pace = Number(words)); // what is heard meanwhile sets the pace to the old one again
      draw();
      // The clock has one rate from an anchor on: another one begins with an anchor of its own.
      if (exercise.state?.phase === "running" && exercise.state.rate !== rate && (await console_.act("pause"))) await console_.act("resume", { rate });
    },
  });

  // --- what it shows -----------------------------------------------------------------------------------------------------
  const ways = () => {
    for (const [name, page] of [["wall", "/"], ["desk", "/desk"], ["report", "/report"]]) {
      const params = new URLSearchParams({ timeline: exercise.timeline, ...(gc.lang === gc.boot.lang ? {} : { lang: gc.lang }) });
      $(`drill-open-${name}`).href = `${page}?${params}`;
    }
    $("drill-open-list").href = `/drill${gc.lang === gc.boot.lang ? "" : `?lang=${gc.lang}`}`;
  };
  function track(state) {
    const [from, to] = [gc.ms(state.start), gc.ms(state.end)];
    const host = $("drill-ticks");
    const key = JSON.stringify(state.injects.map((it) => [it.id, it.at, it.fate]));
    if (host.dataset.drawn !== key) {
      host.dataset.drawn = key;
      host.replaceChildren(...state.injects.map((it) => {
        const tick = el("i", { class: "drill-tick", "data-fate": it.fate, "data-kind": it.kind, title: `${it.id} ${gc.clock(gc.ms(it.at), false)}` });
        tick.style.left = `${(100 * (gc.ms(it.fired_at && it.fate === "fired" ? it.fired_at : it.at) - from)) / (to - from)}%`;
        return tick;
      }));
    }
    const share = Math.min(1, Math.max(0, (exercise.now() - from) / (to - from)));
    $("drill-head").style.left = `${(100 * share).toFixed(2)}%`;
    $("drill-track").style.setProperty("--at", `${(100 * share).toFixed(2)}%`);
  }
  /** The inject that the clock comes to next, null when none is left. */
  console_.next = () => (exercise.state?.injects ?? []).filter((it) => it.fate === "waiting").sort((a, b) => gc.ms(a.at) - gc.ms(b.at) || (a.id < b.id ? -1 : 1))[0] ?? null;
  function clock() {
    const { state } = exercise;
    if (!state || !here()) return;
    $("drill-board").classList.toggle("is-away", exercise.away);
    const t = exercise.now();
    set($("drill-clock"), gc.clock(t));
    set($("drill-date"), `${gc.day(t)} · ${gc.zone(t)}`);
    set($("drill-passed"), gc.t("drill.passed", { passed: console_.span(t - gc.ms(state.start)), of: gc.lasts((gc.ms(state.end) - gc.ms(state.start)) / 1000) }));
    const next = console_.next();
    set($("drill-upcoming"), next ? gc.t(gc.ms(next.at) > t ? "drill.upcoming" : "drill.upcoming.now", { id: next.id, in: console_.short(gc.ms(next.at) - t), what: console_.words(next) }) : gc.t("drill.upcoming.none"));
    $("drill-upcoming").title = next ? console_.words(next) : "";
    track(state);
  }
  function draw() {
    const { state } = exercise;
    if (!state || !here()) return;
    const { phase } = state;
    // Who acts is first called so in the page's language, which comes with its address.
    if (!$("drill-actor") && gc.address) $("drill-actor-host").replaceWith(gc.controller.field());
    $("drill-board").dataset.phase = phase;
    set($("drill-phase"), `${gc.phaseSign(phase)} ${gc.t(`drill.phase.${phase}`)}${phase === "running" ? ` ${gc.num(state.rate)}×` : ""}`);
    const go = $("drill-go");
    set(go, gc.t(`drill.go.${phase}`));
    go.title = gc.t("drill.go.key");
    go.disabled = phase === "ended" || !!console_.busy;
    set($("drill-end"), gc.t(ending ? "drill.end.sure" : "drill.end"));
    $("drill-end").classList.toggle("is-sure", !!ending);
    $("drill-end").disabled = phase === "ended" || !!console_.busy;
    const shown = phase === "running" ? state.rate : pace;
    for (const button of $("drill-rates").children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.rate) === shown));
      button.disabled = phase === "ended" || !!console_.busy;
    }
    ways();
    clock();
    for (const listener of console_.listeners) listener(state);
  }
  let first = true;
  exercise.listeners.push((state) => {
    if (state.phase === "running") pace = state.rate;
    if (first && state.phase === "paused" && state.rate) pace = state.rate;
    first = false;
    draw();
  });
  console_.draw = draw;
  /** What counts down is written anew each quarter of a second, so that no second is skipped at a common rate. */
  setInterval(() => {
    if (document.hidden || !here()) return;
    clock();
    console_.beat?.();
  }, 250);
  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    usual?.(...args);
    draw();
  };

  // --- keys ------------------------------------------------------------------------------------------------------------
  /** key -> what it does; the other parts of the console add theirs. */
  console_.keys = { " ": () => gc.actions["drill-go"]() };
  document.addEventListener("keydown", (event) => {
    if (!here() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (target.matches("input, textarea, select")) return;
    if ([" ", "Enter"].includes(event.key) && target.matches("button, a, summary")) return; // it presses what has the focus
    if (target.matches("#map :focus-visible") && event.key.startsWith("Arrow")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!console_.keys[key]) return;
    event.preventDefault();
    console_.keys[key](event);
  });
})();
