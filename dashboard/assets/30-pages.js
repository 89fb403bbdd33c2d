// Clientside callbacks, the address, keys and clicks shared by all pages.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const none = () => window.dash_clientside.no_update;

  function crumbs(focus) {
    const host = $("crumbs");
    if (!host) return;
    const steps = focus.path.length ? focus.path : [{ code: "", name: "" }];
    host.replaceChildren(
      ...steps.flatMap((step, i) => {
        const words = gc.name(step) || gc.t("region.all");
        const last = i === steps.length - 1;
        const node = last
          ? gc.el("span", { class: "crumb is-here", "aria-current": "location", text: words })
          : gc.el("button", { type: "button", class: "crumb", "data-nav": `area=${encodeURIComponent(step.code)}`, text: words });
        return i ? [gc.el("span", { class: "crumb-sep", "aria-hidden": "true", text: "›" }), node] : [node];
      }),
    );
  }

  function controls(view) {
    for (const group of document.querySelectorAll(".segmented[data-field]"))
      for (const button of group.children)
        button.setAttribute("aria-pressed", String(button.dataset.value === String(view[group.dataset.field])));
    for (const button of document.querySelectorAll('[data-action^="layer:"]'))
      button.setAttribute("aria-pressed", String(view.layers.includes(button.dataset.action.slice(6))));
    if ($("heat-form")) $("heat-form").value = view.heat;
    $("sun-button")?.setAttribute("aria-pressed", String(view.sun));
    gc.windowControls();
    const severity = $("filter-severity");
    if (severity) severity.value = String(view.severity);
  }

  function addressState(address) {
    const show = (id, on) => $(id) && ($(id).hidden = !on);
    const failed = address.failed ?? "";
    show("failed", address.empty && !address.error && !!failed);
    show("no-region", address.empty && !address.error && !address.preparing && !failed);
    // Whatever is there already of a store that is still being filled is not shown: its figures are not true yet.
    const preparing = !address.error && !!address.preparing && !failed;
    show("preparing", preparing);
    document.documentElement.toggleAttribute("data-preparing", preparing);
    if (preparing) gc.set($("preparing-step"), gc.word("preparing", address.step || "starting"));
    show("fault", !address.empty && !!failed);
    gc.set($("failed-detail"), failed);
    gc.set($("fault-text"), failed && gc.t("failed.banner", { what: failed }));
    if (address.empty || address.preparing) untilReady(address);
    show("bad-address", !!address.error);
    if (!address.error) return;
    const key = address.error.key;
    gc.set($("bad-text"), key === "bad.title" ? "" : gc.t(key, address.error.values));
    gc.set($("bad-detail"), address.error.detail.replace(/^view: /, "")); // what is wrong; "view" is the program's word
    const back = new URLSearchParams({ ...(gc.lang === gc.boot.lang ? {} : { lang: gc.lang }), ...(gc.timeline === "live" ? {} : { timeline: gc.timeline }) });
    if ($("bad-back")) $("bad-back").href = back.size ? `/?${back}` : "/";
  }

  let waiting = 0;
  /** Something is still being prepared, or there is no region: look every two seconds; begin anew when it is done. */
  function untilReady(address) {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const ready = await fetch("/readyz").then((answer) => answer.json()).catch(() => null);
      const region = ready && !ready.preparing ? await gc.api("/region").catch(() => null) : null;
      // Names, places and levels were read when they were half there: all of it is read again.
      if (region?.levels.length && (address.empty || address.preparing)) return location.reload();
      if (gc.address !== address) return;
      if (ready) Object.assign(address, { preparing: !!ready.preparing || (!region && !ready.failed), step: ready.step, failed: ready.failed });
      addressState(address);
      show();
      showStatus();
    }, 2000);
  }

  /** Pixels of the map that lie under its controls. */
  function covered() {
    const bar = document.querySelector(".filters");
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return { top: Math.round(bar ? bar.offsetTop + bar.offsetHeight : 3.5 * rem), bottom: Math.round((gc.address.view.days ? 11.2 : 3.4) * rem) };
  }

  /** The address was understood: say it in its language, point the stream and the map at it. */
  function address(data) {
    if (!data) return [none(), none(), none(), none(), none()];
    const before = gc.address;
    gc.address = data;
    gc.setLanguage(data.lang);
    crumbs(data.focus);
    controls(data.view);
    addressState(data);
    gc.tick();
    gc.closeCard?.();
    show();
    showStatus();
    try {
      gc.onAddress?.(data, before);
    } catch (error) {
      console.error(error); // a part of the page that fails does not keep stream and map from following
    }
    const { code, bbox, hull, level } = data.focus;
    const moved = before && (before.focus.code !== code || before.focus.level !== level);
    const focus = bbox && moved && !gc.scene ? { code, bbox, hull, level } : none();
    return [data.error ? none() : gc.watched(data), data.lang, focus, data.lang, gc.mapOptions(data)];
  }
  /** How the map draws what an address asks for. */
  gc.mapOptions = (data) => {
    const layers = Object.fromEntries(gc.boot.layers.map((name) => [name, data.view.layers.includes(name)]));
    return { layers, heat: data.view.heat, sun: data.view.sun, scale: "viridis", height: ["/desk", "/drill"].includes(data.page) ? 0.15 : 1, padding: covered(), timezone: gc.boot.timezone, title: "pages.title" };
  };

  const waits = () => document.documentElement.hasAttribute("data-preparing");

  /** A panel has come, or the page that shows it: it is drawn when both are there and its figures are true. */
  function show() {
    if (!gc.panel || !gc.address || waits()) return;
    gc.renderPanel(gc.panel);
    trend(gc.panel);
    gc.hear(gc.panel);
  }

  let drawn = "";
  let chart = null;
  /** The wall's chart, when its figures changed; other pages have none. */
  function trend(data) {
    const host = $("trend");
    const comparable = Number.isFinite(data.kpis.reported_before);
    const seen = JSON.stringify(data.trend) + comparable + gc.lang + gc.address.view.window;
    if (!host || (seen === drawn && host === chart)) return;
    drawn = seen;
    chart = host;
    gc.drawTrend(host, gc.trendFigure(data.trend, comparable));
  }

  /** A click on the map: things show their card here; a place goes to the server, which knows what lies there. */
  function click(data) {
    if (!data) return [none()];
    gc.onMapClick(data);
    const choosing = gc.choosingPlace?.();
    const place = ["area", "cell", "none"].includes(data.kind) && !choosing;
    if (data.kind === "incidents" && !choosing) document.getElementById("map").gridmap.expand(data.id);
    // With the address as it is: Dash hears nothing of history.replaceState and would write an old one.
    return [place ? { ...data, search: location.search } : none()];
  }

  /** What the map calls an incident: its title where this page has it, else the name of its category, "" until that is known. */
  function title(id, category) {
    const row = gc.panel?.ticker.find((it) => it.id === id) ?? gc.incidentRow?.(id);
    if (row) return gc.title(row);
    const name = category && gc.categoryName(category);
    return name && name !== category ? name : "";
  }

  let last = null;
  let painted = null; // the newest status whose frame is on the screen: between frames it stays shown
  function status(data) {
    last = data;
    if (data.offset_ms !== null && data.offset_ms !== gc.offset) {
      gc.offset = data.offset_ms;
      if (gc.address) gc.tick();
    }
    if (data.stamps.paint) painted = data;
    showStatus();
  }

  // What moves with the data comes as events of the components, not as inputs of callbacks: Dash keeps every value that
  // an input ever had, for its undo, and a wall that stays open for days would drown in them.
  window.addEventListener("gridcommand", ({ detail }) => {
    if (detail.panel) {
      gc.panel = detail.panel;
      show();
      if (gc.address && !waits()) gc.onPanel?.(detail.panel);
    }
    if (detail.status) status(detail.status);
    if (detail.stats) gc.showLegend(detail.stats);
  });
  const span = (ms) => (ms < 10_000 ? `${gc.num(Math.round(ms))} ms` : gc.age(ms / 1000));
  function showStatus() {
    const live = $("live");
    if (!live || !gc.address) return;
    const heard = last?.state ?? "connecting";
    // A past time is never said to be live, however well its stream flows.
    const now = gc.boot.past ? "past" : waits() ? "preparing" : gc.exercise ? "exercise" : "live";
    const state = heard === "live" ? now : heard;
    live.dataset.state = state;
    gc.set($("live-word"), state === "exercise" ? gc.exercise.words() : gc.t(`stream.${state}`));
    const lag = painted?.lag_ms;
    gc.set($("live-lag"), state === "live" && lag !== null && lag !== undefined ? span(lag) : "");
    live.title = last?.dropped ? gc.t("stream.dropped", { n: gc.num(last.dropped) }) : "";
    const banner = $("banner");
    const bad = state === "stale" || state === "closed";
    banner.hidden = !bad;
    if (bad) {
      const key = !last.connected ? "closed" : last.store === "away" ? "store" : "stale";
      banner.dataset.says = key;
      gc.set($("banner-text"), gc.t(`stream.${key}.long`, { since: gc.clock(last.since ?? gc.now()) }));
    }
    document.documentElement.dataset.stream = state;
    stamps((painted ?? last)?.stamps);
  }
  function stamps(s) {
    const host = $("stamps");
    if (!host || !s || gc.boot.past || gc.exercise) return; // how long a record of another time took says nothing now
    const names = ["source", "commit", "frame", "paint"].filter((name) => s[name]);
    const key = names.join();
    if (host.dataset.names !== key + gc.lang) {
      host.dataset.names = key + gc.lang;
      host.replaceChildren(
        ...names.map((name) => gc.el("span", { class: "stamp" }, gc.el("b", { text: gc.t(`stamp.${name}`) }), gc.el("span", { class: "num" }))),
      );
    }
    names.forEach((name, i) => {
      const before = i ? s[names[i - 1]] : null;
      const words = i ? `+${span(Math.max(0, s[name] - before))}` : gc.clock(s[name]);
      gc.set(host.children[i].lastChild, words);
    });
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { pages: { address, click, title } });

  // --- the clock -------------------------------------------------------------------------------------------------
  gc.tick = () => {
    const now = gc.now();
    const known = gc.offset !== null || !gc.boot.past; // a past page waits for the server's time rather than show today's
    gc.set($("clock-time"), known ? gc.clock(now) : "–");
    gc.set($("clock-date"), known ? `${gc.day(now)} · ${gc.zone(now)}` : "");
    if (gc.boot.past && $("past")) {
      $("past").hidden = false;
      gc.set($("past-text"), known ? gc.t(gc.address?.page === "/desk" ? "past.desk" : "past.notice", { at: `${gc.minute(now)} ${gc.zone(now)}` }) : gc.t("past.title"));
      $("past").title = gc.t("past.commands");
    }
  };
  document.documentElement.classList.toggle("is-past", !!gc.boot.past);
  gc.onCategories = () => gc.panel && gc.address && !waits() && gc.renderPanel(gc.panel);
  const beat = () => {
    if (gc.address) gc.tick();
    setTimeout(beat, Math.max(250, 1000 - (gc.now() % 1000))); // a replay may stand at the end of a second
  };
  beat();

  // --- lists that go on beyond their panel say so -----------------------------------------------------------------
  const LISTS = ".bars, .rank, .ticker, .feeds, .silent-list, .roster, .scene-list";
  const cue = (list) => list.classList.toggle("goes-on", list.scrollHeight - list.clientHeight - list.scrollTop > 6);
  gc.cues = () => document.querySelectorAll(LISTS).forEach(cue);
  document.addEventListener("scroll", (event) => event.target.matches?.(LISTS) && cue(event.target), { capture: true, passive: true });
  addEventListener("resize", () => requestAnimationFrame(gc.cues));

  // --- clicks and keys -----------------------------------------------------------------------------------------
  gc.actions = {
    sun: () => gc.navigate({ sun: gc.address.view.sun ? 0 : 1 }),
    language: () => gc.navigate({ lang: gc.lang === "zh" ? "en" : "zh" }),
    layer: (name) => {
      const on = new Set(gc.address.view.layers);
      if (!on.delete(name)) on.add(name);
      const layers = gc.boot.layers.filter((layer) => on.has(layer)).join(",");
      const params = new URLSearchParams(location.search);
      if (layers === gc.boot.defaults.layers) params.delete("layers");
      else params.set("layers", layers);
      const search = params.toString();
      window.dash_clientside.set_props("url", { search: search ? `?${search}` : "" });
    },
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-keep-view]");
    // A what-if has no replay of its own; whose page it is goes along only where that is one.
    if (link?.pathname === "/fork") link.search = gc.searchWith({ replay: "", ...(gc.timeline.startsWith("fork:") ? {} : { timeline: "" }) });
    else if (link) link.search = location.search;
    const button = event.target.closest("[data-nav], [data-action]");
    if (!button || button.disabled) return;
    if (button.dataset.nav !== undefined) gc.navigate(Object.fromEntries(new URLSearchParams(button.dataset.nav)));
    else {
      const [name, ...rest] = button.dataset.action.split(":");
      gc.actions[name]?.(rest.join(":"), button);
    }
  });
  document.addEventListener("change", (event) => {
    const field = event.target.dataset?.field;
    if (field) gc.navigate({ [field]: event.target.value });
  });
  /** Functions that may take an Escape, the most urgent first; each returns true when it used it. */
  gc.onEscape = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (gc.onEscape.some((take) => take())) return;
    const up = gc.parent();
    if (up !== null) gc.navigate({ area: up, level: "" });
  });
})();
