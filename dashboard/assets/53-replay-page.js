// The replay's own page: choose a moment and the screen to open it on; the replays that run; records over the last month.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  const { replays: replay } = gc;
  const PATHS = { replay: "/replay", wall: "/", desk: "/desk" };
  const EVERY_MS = 5000;
  const MONTH_MS = 30 * 86.4e6;
  let page = localStorage.getItem("gridcommand.replay.page") ?? "replay";
  const here = () => gc.address?.page === "/replay" && $("panel-begin");

  const refuse = (words) => {
    $("replay-refused").hidden = !words;
    set($("replay-refused"), words);
  };
  async function start(body) {
    refuse("");
    try {
      await replay.begin(body, PATHS[page]);
    } catch (error) {
      refuse(error.message);
    }
  }
  const iso = (ms) => new Date(ms).toISOString();
  replay.start = (t) => start({ t: iso(t) });

  function begin() {
    const host = $("replay-when-host");
    if (!host || $("replay-when")) return;
    const now = replay.serverNow();
    host.append(el("input", { id: "replay-when", class: "input num", maxlength: 24, autocomplete: "off", placeholder: replay.EXAMPLE, value: replay.moment(now - 3.6e6).slice(0, 16) }));
    $("replay-incident-host").append(el("input", { id: "replay-incident", class: "input", maxlength: 200, autocomplete: "off" }));
    $("replay-incident").placeholder = gc.t("replay.begin.incident");
    $("replay-incident").setAttribute("aria-label", gc.t("replay.begin.incident"));
    $("replay-when").setAttribute("aria-label", gc.t("replay.begin.at"));
    $("replay-incident").addEventListener("keydown", (event) => event.key === "Enter" && gc.actions["replay-begin-life"]());
    $("replay-when").addEventListener("keydown", (event) => event.key === "Enter" && gc.actions["replay-begin"]());
    overview();
    running();
  }
  Object.assign(gc.actions, {
    "replay-ago": (hours) => start({ ago_s: Number(hours) * 3600 }),
    "replay-begin": () => {
      const t = replay.fromLocal($("replay-when").value);
      return t === null ? refuse(gc.t("replay.when.missing")) : start({ t: iso(t) });
    },
    "replay-begin-life": () => {
      const incident = $("replay-incident").value.trim();
      return incident ? start({ incident }) : refuse(gc.t("replay.when.incident"));
    },
    "replay-page": (name) => {
      page = name;
      localStorage.setItem("gridcommand.replay.page", name);
      pages();
    },
    "replay-end": async (id) => {
      await replay.end(id).catch((error) => replay.say?.(error.message));
      running();
    },
  });
  const pages = () => {
    for (const button of $("replay-pages")?.children ?? []) button.setAttribute("aria-pressed", String(button.dataset.action === `replay-page:${page}`));
  };

  // --- those that run --------------------------------------------------------------------------------------------------
  let timer = 0;
  async function running() {
    clearTimeout(timer);
    const host = $("running");
    if (!host) return;
    timer = setTimeout(running, EVERY_MS);
    if (document.hidden) return;
    const { replays } = await gc.api("/replays").catch(() => ({ replays: null }));
    if (!replays) return;
    if (!replays.length) return gc.empty(host, "replay.running.none");
    keyed(host, replays, (it) => it.id,
      (it) => el("li", { class: "running-row" },
        el("span", { class: "running-when num" }), el("span", { class: "running-watchers" }),
        el("span", { class: "running-ways" },
          ...Object.entries(PATHS).map(([name, path]) => el("a", { class: "link", "data-name": name, href: `${path}?replay=${it.id}${it.timeline === "live" ? "" : `&timeline=${encodeURIComponent(it.timeline)}`}`, target: "_blank", rel: "noopener" })),
          el("button", { type: "button", class: "link", "data-action": `replay-end:${it.id}` }))),
      (node, it) => {
        const [when, watchers, ways] = node.children;
        node.classList.toggle("is-here", it.id === gc.replay);
        set(when, `${replay.moment(gc.ms(it.t)).slice(0, 16)} ${it.playing ? replay.rate(it.rate) : gc.t("replay.paused")}`);
        set(watchers, gc.t("replay.watchers", { n: gc.num(it.watchers) }));
        for (const way of ways.querySelectorAll("a")) set(way, gc.t(`nav.${way.dataset.name}`));
        set(ways.lastChild, gc.t("replay.end"));
      });
  }

  // --- a month of records ------------------------------------------------------------------------------------------------
  let bars = null;
  let span = null;
  function overview() {
    const host = $("replay-overview");
    if (!host || gc.replay) return;
    const canvas = el("canvas", { class: "replay-bars", "aria-hidden": "true" });
    const hover = el("div", { class: "replay-hover", hidden: true });
    const track = el("div", { class: "replay-track" }, canvas, hover);
    const ticks = el("div", { class: "replay-ticks", "aria-hidden": "true" });
    host.replaceChildren(track, ticks);
    bars = new replay.Bars(canvas);
    const share = (event) => {
      const box = track.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    const moment = (x) => span.from + x * (span.to - span.from);
    track.addEventListener("pointermove", (event) => span && replay.hover(hover, share(event), moment(share(event)), bars.at(share(event)), bars));
    track.addEventListener("pointerleave", () => { hover.hidden = true; });
    track.addEventListener("click", (event) => span && start({ t: iso(Math.min(moment(share(event)), replay.serverNow() - 50)) }));
    const draw = () => {
      const now = replay.serverNow();
      span = { from: now - MONTH_MS, to: now };
      replay.ticks(ticks, span.from, span.to);
      bars.read(span.from, span.to, gc.timeline).then(() => bars.draw());
    };
    new ResizeObserver(draw).observe(track);
  }

  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    usual?.(...args);
    if (!here()) return;
    document.documentElement.classList.add("is-replays");
    begin();
    pages();
    replay.lists();
    running();
  };
})();
