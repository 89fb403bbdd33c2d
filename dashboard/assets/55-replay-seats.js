// Seats: this screen says which one it is, and a replay's page says what each seat looked at.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  const { replays: replay } = gc;
  const AGAIN_MS = 500;

  // --- what this screen says -------------------------------------------------------------------------------------------
  const NAMES = {
    "/": (params) => params.get("seat") || "wall",
    "/desk": (params) => $("actor")?.value.trim() || params.get("desk") || localStorage.getItem("gridcommand.desk") || `${gc.t("desk.actor")} 1`,
  };
  /** What the stream watches for an address: its view, and on live walls and desks the name of the seat. */
  gc.watched = (data) => {
    const name = gc.replay || gc.timeline !== "live" ? null : NAMES[data.page]?.(new URLSearchParams(location.search));
    if (!name) return data.query;
    const seat = new URLSearchParams({ seat: name.slice(0, 60), page: data.page });
    return data.query ? `${data.query}&${seat}` : `${seat}`;
  };

  // --- what seats looked at ----------------------------------------------------------------------------------------------
  if (!gc.replay) return;
  const seatName = (name) => (name === "wall" ? gc.t("nav.wall") : name);
  const where = (it) => (it.area ? gc.name({ name: it.area_name, name_en: it.area_name_en, code: it.area }, "name") : gc.t("replay.seats.whole"));
  const span = (window) => (window.includes("/") ? window.replaceAll("T", " ").replace("/", " – ") : gc.t(`window.${window}`));
  const address = (it) => {
    const params = new URLSearchParams(it.view);
    params.set("replay", gc.replay);
    params.set("lang", gc.lang);
    if (it.page === "/" && it.seat !== "wall") params.set("seat", it.seat);
    return `${it.page}?${params}`;
  };
  let asked = 0;
  let last = { t: null, at: -Infinity };
  let soon = 0;
  let held = { recorded: true, seats: [] };
  function draw() {
    const host = $("seats");
    if (!host) return;
    host.classList.remove("skeleton");
    if (!held.seats.length) return gc.empty(host, held.recorded ? "replay.seats.none" : "replay.seats.off");
    keyed(host, held.seats, (it) => it.seat,
      () => el("li", { class: "seat-row" }, el("a", {}, el("span", { class: "seat-name" }), el("span", { class: "seat-where" }), el("time", { class: "num" }))),
      (node, it) => {
        const [name, area, since] = node.firstChild.children;
        node.firstChild.href = address(it);
        node.firstChild.title = gc.t("replay.seats.show");
        set(name, seatName(it.seat));
        const page = it.seat === "wall" ? "" : gc.t(it.page === "/desk" ? "nav.desk" : "nav.wall");
        set(area, [page, where(it), span(new URLSearchParams(it.view).get("window") ?? "24h")].filter(Boolean).join(" · "));
        area.title = area.textContent;
        set(since, gc.clock(gc.ms(it.since)));
        since.title = gc.t("replay.seats.since", { at: replay.moment(gc.ms(it.since)) });
      });
  }
  function look(now) {
    if (!$("seats") || now.t === last.t) return;
    clearTimeout(soon);
    const wait = last.at + AGAIN_MS - performance.now();
    if (wait > 0) return void (soon = setTimeout(() => look(replay.now), wait));
    last = { t: now.t, at: performance.now() };
    const mine = ++asked;
    const params = new URLSearchParams({ at: new Date(now.t).toISOString(), timeline: now.timeline });
    gc.api(`/seats?${params}`).then((found) => {
      if (mine !== asked) return;
      held = found;
      draw();
    }).catch((error) => replay.say(error.message));
  }
  replay.listeners.push(look);
  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    usual?.(...args);
    last = { t: null, at: -Infinity }; // another language, or the list is a new one
    draw();
    if (replay.now) look(replay.now);
  };
})();
