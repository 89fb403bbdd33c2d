// A replay: which moment this page shows, and the controls of its transport. All windows of one replay follow the same transport;
// what they show comes by the stream as of its moment, so this file draws no figure of the district.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set } = gc;
  const RATES = [-1, 1, 10, 60, 300, 600, 3600];
  const SPANS = { "1h": 3.6e6, "6h": 6 * 3.6e6, "24h": 24 * 3.6e6, "7d": 7 * 86.4e6, "30d": 30 * 86.4e6 };
  const AWAY_MS = 4000;
  const replay = (gc.replays = {
    framed: false, // a picture of it has come
    pictured: null, // the moment of that picture, ms: what clocks and ages say, also while another is on its way
    now: null, // {id, timeline, t, rate, playing, from, to} as the picture on the screen shows it
    ended: false,
    listeners: [], // told when the moment, the pace or the span changed
  });
  const kept = `gridcommand.replay.${gc.replay}`;

  // --- time --------------------------------------------------------------------------------------------------------
  const serverNow = gc.now;
  /** What time it is at the server, whatever moment is shown. */
  replay.serverNow = serverNow;
  /** Local time of the centre as people write it, as ms, null when it is none; and back. */
  replay.EXAMPLE = "2026-05-01 08:00";
  replay.fromLocal = (words) => {
    const found = /^\s*(\d{4}-\d\d?-\d\d?)(?:[ T]+(\d\d?:\d\d(?::\d\d)?))?\s*$/.exec(words.replaceAll("：", ":").replaceAll("/", "-"));
    if (!found) return null;
    const [date, time] = [found[1], found[2] ?? "00:00"].map((part) => part.replace(/(^|[-:])(\d)(?=[-:]|$)/g, "$10$2"));
    const wanted = Date.parse(`${date}T${time}Z`);
    if (!Number.isFinite(wanted)) return null;
    const near = wanted - (gc.local(wanted) - wanted);
    return wanted - (gc.local(near) - near); // once more: the offset on the other side of a change of the clocks
  };
  replay.toLocal = (ms) => new Date(gc.local(ms)).toISOString().slice(0, 19);
  replay.moment = (ms) => replay.toLocal(ms).replace("T", " ");
  replay.rate = (rate) => `${rate < 0 ? "−" : ""}${Math.abs(rate)}×`;

  // --- asking ------------------------------------------------------------------------------------------------------
  const api = gc.api;
  /** Questions of a replay's page are answered as of its moment. */
  gc.api = (path, ...more) => {
    if (!gc.replay || /^\/(replays|bookmarks|seats)\b/.test(path)) return api(path, ...more);
    return api(`${path}${path.includes("?") ? "&" : "?"}replay=${encodeURIComponent(gc.replay)}`, ...more);
  };
  /** What is replayed here, else what the page shows: whoever leaves a replay of an exercise is back in the exercise. */
  replay.timeline = () => replay.now?.timeline ?? gc.timeline;
  /** Begin a replay and go to a page of it. */
  replay.begin = async (body, page = location.pathname, changes = {}) => {
    const on = replay.timeline();
    const made = await api("/replays", on === "live" ? body : { timeline: on, ...body });
    const params = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries({ ...changes, replay: made.id })) params.set(key, value);
    if (on !== "live") params.set("timeline", on);
    if (body.incident) params.set("incident", body.incident);
    location.assign(`${page}?${params}`);
    return made;
  };
  replay.end = async (id) => {
    const answer = await fetch(`/api/v1/replays/${encodeURIComponent(id)}`, { method: "DELETE" });
    if (!answer.ok && answer.status !== 404) throw new Error((await answer.json().catch(() => ({}))).error ?? gc.t("desk.unreachable"));
  };
  /** The address of this screen, live: without what belongs to the replay. */
  replay.live = (page = location.pathname) => {
    const params = new URLSearchParams(location.search);
    params.delete("replay");
    if (replay.timeline() !== "live") params.set("timeline", replay.timeline());
    const query = params.toString();
    return `${page}${query ? `?${query}` : ""}`;
  };
  gc.actions["replay-leave"] = () => location.assign(replay.live(location.pathname === "/replay" ? "/" : location.pathname));
  if (!gc.replay) return;

  // --- this page shows a replay ------------------------------------------------------------------------------------
  document.documentElement.classList.add("is-replay");
  for (const words of Object.values(gc.boot.text)) {
    for (const key of ["title", "notice", "desk", "commands"]) words[`past.${key}`] = words[`replay.${key}`];
    words["stream.past"] = words["replay.stream"];
    words["panel.ticker"] = words["replay.ticker"]; // nothing here is live
  }
  gc.now = () => replay.pictured ?? replay.now?.t ?? serverNow();
  const tick = gc.tick;
  gc.tick = () => {
    if (replay.now) return tick();
    set($("clock-time"), "–"); // until the moment is known no other is shown
    set($("clock-date"), "");
  };

  const heard = (it) => ({ ...it, t: gc.ms(it.t), from: gc.ms(it.from), to: gc.ms(it.to) });
  function show(it) {
    replay.now = heard(it);
    sessionStorage.setItem(kept, JSON.stringify(replay.now));
    draw();
    for (const listener of replay.listeners) listener(replay.now);
    if (gc.address) gc.tick();
  }
  window.addEventListener("gridcommand", ({ detail }) => {
    if (detail.panel?.replay?.id === gc.replay) {
      replay.framed = true;
      replay.pictured = detail.panel.replay.t;
      show(detail.panel.replay);
    }
    if (detail.status?.error && !replay.ended) look();
  });

  const weekday = (ms) => new Intl.DateTimeFormat(gc.lang === "zh" ? "zh-CN" : "en-GB", { weekday: "short", timeZone: gc.boot.timezone }).format(ms);
  function draw() {
    const it = replay.now;
    if (!it || !$("replay-time")) return;
    const t = gc.now();
    set($("replay-time"), gc.clock(t));
    set($("replay-date"), `${replay.moment(t).slice(0, 10)} ${weekday(t)} · ${gc.zone(t)}`);
    const border = it.rate > 0 ? it.t >= it.to : it.t <= it.from;
    const key = it.playing ? (it.rate < 0 ? "replay.backwards" : "replay.playing") : border && !it.playing ? "replay.at_end" : "replay.paused";
    set($("replay-state"), gc.t(replay.ended ? "replay.ended" : replay.framed ? key : "replay.preparing", { rate: replay.rate(it.rate) }));
    const toggle = $("replay-toggle");
    toggle.dataset.sign = it.playing ? "pause" : "play";
    toggle.dataset.i18nLabel = it.playing ? "replay.pause" : "replay.play";
    toggle.title = gc.t(toggle.dataset.i18nLabel);
    toggle.setAttribute("aria-label", toggle.title);
    document.documentElement.dataset.replay = it.playing ? "playing" : "paused";
    for (const button of document.querySelectorAll("[data-rate]")) button.setAttribute("aria-pressed", String(Number(button.dataset.rate) === it.rate));
    const span = Object.entries(SPANS).find(([, ms]) => Math.abs(ms - (it.to - it.from)) < 1000)?.[0];
    for (const button of document.querySelectorAll("[data-span]")) button.setAttribute("aria-pressed", String(button.dataset.span === span));
    gc.entitle(`${gc.t("replay.word")} ${replay.moment(t).slice(0, 16)} · ${gc.t("title")}`);
  }

  // --- controls ----------------------------------------------------------------------------------------------------
  let saying = 0;
  replay.say = (words, ms = AWAY_MS) => {
    set($("replay-said"), words);
    clearTimeout(saying);
    if (words) saying = setTimeout(() => set($("replay-said"), ""), ms);
  };
  let before = Promise.resolve();
  /** Use the transport. Controls reach the server in the order in which they were used. */
  replay.control = (body) => (before = before.then(() => use(body)));
  const use = async (body) => {
    try {
      const answer = await api(`/replays/${encodeURIComponent(gc.replay)}/transport`, body);
      show({ ...answer.replay, t: gc.ms(answer.replay.t) });
      return answer;
    } catch (error) {
      if (error.status === 404 && body.op !== "step") ended();
      else replay.say(error.message);
      return null;
    }
  };
  const iso = (ms) => new Date(ms).toISOString();
  let wanted = null;
  let seeking = false;
  /** Show a moment; while one is on its way only the latest wish is kept. */
  replay.seek = async (t) => {
    wanted = Math.min(t, serverNow() - 50);
    if (seeking) return;
    seeking = true;
    while (wanted !== null) {
      const next = wanted;
      wanted = null;
      await replay.control({ op: "seek", t: iso(next) });
    }
    seeking = false;
  };
  replay.toggle = () => replay.control({ op: replay.now?.playing ? "pause" : "play" });
  replay.step = async (by) => {
    const answer = await replay.control({ op: "step", by });
    if (answer?.moment) replay.say(gc.happened.words(answer.moment), 15_000);
  };
  let pace = null; // the last one asked for, while one is on its way: a key pressed thrice is three steps
  let pacing = false;
  replay.setRate = async (rate) => {
    pace = rate;
    if (pacing) return;
    pacing = true;
    for (let asked = null; asked !== pace; ) {
      asked = pace;
      await replay.control({ op: "rate", rate: asked });
    }
    pacing = false;
    pace = null;
  };
  replay.faster = (by) => {
    const from = pace ?? replay.now?.rate ?? 1;
    const at = RATES.findIndex((rate) => rate >= from);
    return replay.setRate(RATES[Math.min(RATES.length - 1, Math.max(0, (at < 0 ? RATES.length - 1 : at) + by))]);
  };
  replay.span = (name) => {
    const length = SPANS[name];
    const end = Math.min(replay.now.t + length / 2, serverNow() - 50);
    return replay.control({ op: "span", from: iso(end - length), to: iso(end) });
  };
  Object.assign(gc.actions, {
    "replay-toggle": () => replay.toggle(),
    "replay-step": (by) => replay.step(Number(by)),
    "replay-rate": (rate) => replay.setRate(Number(rate)),
    "replay-span": (name) => replay.now && replay.span(name),
    "replay-mark": () => replay.now && replay.marks.add(replay.now.t),
    "replay-fork": () => {
      if (!replay.now) return;
      const of = { of: replay.timeline(), at: iso(Math.round(gc.now())) };
      location.assign(`/fork?${new URLSearchParams({ ...of, ...(gc.lang === gc.boot.lang ? {} : { lang: gc.lang }) })}`);
    },
    "replay-keys": () => keys(),
    "replay-again": () => replay.begin({ t: iso(replay.now.t), from: iso(replay.now.from), to: iso(replay.now.to), rate: replay.now.rate }),
  });

  // --- any moment, written ---------------------------------------------------------------------------------------
  gc.actions["replay-write"] = () => {
    const host = $("replay-time").parentElement;
    if (!replay.now || $("replay-written")) return;
    const field = el("input", { id: "replay-written", class: "input num", value: replay.moment(replay.now.t), "aria-label": gc.t("replay.go"), placeholder: replay.EXAMPLE });
    let gone = false;
    const leave = () => {
      if (gone) return; // taking it away blurs it
      gone = true;
      field.remove();
    };
    field.addEventListener("blur", leave);
    field.addEventListener("keydown", async (event) => {
      event.stopPropagation();
      if (event.key === "Escape") return leave();
      if (event.key !== "Enter") return;
      const t = replay.fromLocal(field.value);
      if (t === null) return replay.say(gc.t("replay.when.missing"));
      if (t > serverNow()) return replay.say(gc.t("replay.when.future"));
      leave();
      replay.seek(t);
    });
    host.append(field);
    field.focus();
    field.select();
  };

  // --- keys --------------------------------------------------------------------------------------------------------
  const KEYS = [
    ["␣", "replay.keys.space", " ", () => replay.toggle()],
    ["← →", "replay.keys.arrows", "ArrowLeft ArrowRight", (key) => replay.step(key === "ArrowRight" ? 1 : -1)],
    ["[ ]", "replay.keys.rates", "[ ]", (key) => replay.faster(key === "]" ? 1 : -1)],
    ["M", "replay.keys.mark", "m", () => gc.actions["replay-mark"]()],
  ];
  function keys() {
    const host = $("replay-keys");
    host.hidden = !host.hidden;
    host.replaceChildren(el("h3", { text: gc.t("replay.keys") }), ...[...KEYS, ["?", "replay.keys.help"]].map(([sign, words]) => el("div", { class: "help-row" }, el("kbd", { text: sign }), el("span", { text: gc.t(words) }))));
  }
  gc.onEscape.unshift(() => !!$("replay-keys") && !$("replay-keys").hidden && ($("replay-keys").hidden = true));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !replay.now || replay.ended) return;
    const { target } = event;
    if (target.matches("input, textarea, select") || ($("help") && !$("help").hidden)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "?" && !gc.desk?.here?.()) {
      event.preventDefault();
      return keys();
    }
    if (key === " " && target.matches("button, a, summary")) return; // it presses what has the focus
    if (key.startsWith("Arrow") && target.matches("#replay-track, #map :focus-visible, [role='tab'], .ag-cell")) return;
    const found = KEYS.find(([, , on]) => on.split(" ").includes(key) || on === key);
    if (!found) return;
    event.preventDefault();
    found[3](key);
  });
  for (const [sign, words, on, run] of KEYS) gc.desk?.action?.(`replay-${on}`, words, run, { shown: sign, group: "replay" });

  // --- coming, and having ended ------------------------------------------------------------------------------------
  function ended() {
    replay.ended = true;
    replay.now ??= JSON.parse(sessionStorage.getItem(kept) ?? "null");
    document.documentElement.dataset.replay = "ended";
    if ($("replay-ended")) return;
    const again = replay.now ? el("button", { type: "button", class: "primary", "data-action": "replay-again", text: gc.t("replay.again", { at: replay.moment(replay.now.t) }) }) : null;
    document.body.append(el("div", { id: "replay-ended", class: "overlay replay-over", role: "alert" }, el("div", { class: "notice-box" },
      el("h2", { text: gc.t("replay.ended") }), el("p", { text: gc.t("replay.ended.text") }),
      el("div", { class: "replay-over-ways" }, again, el("button", { type: "button", class: "secondary", "data-action": "replay-leave", text: gc.t("replay.back") })))));
    draw();
  }
  let looking = false;
  /** Is it still there? The stream refused, or the page has just begun. */
  async function look() {
    if (looking) return;
    looking = true;
    try {
      const it = (await api("/replays")).replays.find(({ id }) => id === gc.replay);
      if (!it) ended();
      else if (!replay.now) show(it);
    } catch (error) {
      replay.say(error.message);
    }
    looking = false;
  }
  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    usual?.(...args);
    draw();
    for (const listener of replay.listeners) if (replay.now) listener(replay.now);
    if (!replay.now) look();
  };
  replay.draw = draw;
})();
