// The incident in hand: its head, clocks, facts, look-alikes and cameras; read anew when it moves on, drawn as a whole.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el } = gc;
  const HOLD_MS = 700; // buttons keep still so long after the pointer moved over them
  const HOLD_MOST_MS = 2000;

  // --- reading -------------------------------------------------------------------------------------------------
  let asked = null;
  /** What the server says of the incident in hand, in the shape that the parts below read. */
  async function read(id) {
    asked?.abort();
    const mine = (asked = new AbortController());
    const life = await gc.api(desk.path(id), undefined, mine.signal);
    return life;
  }
  async function open(id, fly) {
    desk.form = null;
    if (!id) {
      $("detail").hidden = true;
      $("detail-none").hidden = false;
      desk.map.select(null);
      return;
    }
    $("detail-none").hidden = true;
    $("detail").hidden = false;
    $("panel-detail").dataset.loading = "1";
    // What the row says already is there at once; the rest follows.
    const row = desk.queue.row(id);
    if (row) $("detail").replaceChildren(quick(row));
    try {
      const life = await read(id);
      if (desk.chosen !== id) return;
      show(life);
      desk.map.select(life.incident, fly);
      $("detail").scrollTop = 0;
      if (wantsFocus === id) focus();
    } catch (error) {
      if (error.name === "AbortError" || desk.chosen !== id) return;
      $("detail").replaceChildren(el("p", { class: "refusal", role: "alert", text: error.message }));
    } finally {
      delete $("panel-detail").dataset.loading;
    }
  }
  /** Read it again; calls that come meanwhile become one more. */
  let reading = null;
  let again = false;
  async function reload() {
    if (!desk.chosen) return;
    if (reading) {
      again = true;
      return reading;
    }
    reading = (async () => {
      do {
        again = false;
        const id = desk.chosen;
        try {
          const life = await read(id);
          if (desk.chosen === id) show(life);
        } catch (error) {
          if (error.name !== "AbortError" && desk.chosen === id) gc.set($("detail-away"), error.message);
        }
      } while (again);
      reading = null;
    })();
    return reading;
  }
  let soon = 0;
  let last = 0;
  const reloadSoon = (ms = 0) => {
    clearTimeout(soon);
    soon = setTimeout(() => {
      last = performance.now();
      reload();
    }, Math.max(ms, last + 500 - performance.now(), 0));
  };

  // --- drawing -------------------------------------------------------------------------------------------------
  let held = 0;
  let moved = 0;
  let late = 0;
  /** News of others wait while a hand is over the panel: nobody should press what has just come under the pointer. */
  function show(life) {
    desk.life = life;
    const key = seen();
    if (key === drawn) return;
    const wait = Math.min(moved + HOLD_MS, held + HOLD_MOST_MS) - performance.now();
    clearTimeout(late);
    if (drawn && moved && wait > 0 && !desk.busy) late = setTimeout(draw, wait);
    else draw();
  }
  let drawn = "";
  const seen = () => JSON.stringify([gc.lang, { ...desk.life, at: 0 }, desk.form?.move, desk.refused, desk.busy, desk.me().role, desk.asking, desk.wall?.seen(desk.chosen)]);

  function draw() {
    clearTimeout(late);
    const host = $("detail");
    if (!host || !desk.chosen || !desk.life) return;
    drawn = seen();
    const focus = host.contains(document.activeElement) ? document.activeElement : null;
    const back = focus && { key: focus.id || focus.dataset.action, at: focus.selectionStart ?? null };
    const opened = new Set([...host.querySelectorAll("details[open]")].map((node) => node.dataset.name));
    const top = host.scrollTop;
    const life = desk.life;
    const parts = [
      head(life), el("p", { id: "detail-away", class: "refusal" }), gc.boot.past ? el("p", { class: "past-reason", text: gc.t("past.commands") }) : null,
      clocks(life), desk.moves.part(life), desk.ruling.part(life), ...desk.dispatch.parts(life), alike(life), facts(life), desk.timeline.evidence(life), desk.timeline.part(life), cameras(life),
    ];
    host.replaceChildren(...parts.filter(Boolean));
    host.setAttribute("aria-busy", String(!!desk.busy));
    for (const node of host.querySelectorAll("details")) if (opened.has(node.dataset.name)) node.open = true;
    host.scrollTop = top;
    host.hidden = false;
    $("detail-none").hidden = true;
    if (back?.key) {
      const node = document.getElementById(back.key) ?? [...host.querySelectorAll("[data-action]")].find((it) => it.dataset.action === back.key);
      node?.focus({ preventScroll: true });
      if (back.at !== null && node?.setSelectionRange) node.setSelectionRange(back.at, back.at);
    }
    late = 0;
  }

  /** A section of the panel: a heading, what is beside it, its content. */
  desk.part = (name, key, beside, ...content) =>
    el("section", { class: `part part-${name}` }, el("header", { class: "part-head" }, el("h3", { text: gc.t(key) }), beside), ...content);
  /** The server's last refusal, when it was about this part. */
  desk.refusal = (where) => (desk.refused?.where === where ? el("p", { class: "refusal", role: "alert" }, el("b", { text: gc.t("desk.refused") }), desk.refused.text) : null);

  /** A button of the panel; while its command is under way it says so, and no other can be pressed. */
  desk.button = (action, words, { primary = false, small = true, ...more } = {}) =>
    el("button", { type: "button", class: `${primary ? "primary" : "secondary"}${small ? " small" : ""}`, "data-action": action, disabled: gc.boot.past || !!desk.busy, text: words, ...more });
  /** A button that asks once more, in its own place, before it acts. */
  desk.sure = (action, words, more = {}) => desk.button(`sure:${action}`, words, more);
  gc.actions.sure = (action, button) => {
    if (button.dataset.sure) {
      const [name, ...rest] = action.split(":");
      return gc.actions[name](rest.join(":"), button);
    }
    const words = button.textContent;
    button.dataset.sure = "1";
    button.textContent = gc.t("desk.sure", { what: words });
    button.classList.add("is-sure");
    setTimeout(() => {
      delete button.dataset.sure;
      button.textContent = words;
      button.classList.remove("is-sure");
    }, 4000);
  };

  const step = (life) => {
    const it = life.case ? { workflow: life.case.workflow, step: life.case.step, state: life.incident.state } : life.incident;
    return el("span", { class: "step", "data-phase": desk.names.phase(it), text: desk.names.where(it) });
  };
  const quick = (row) =>
    el("header", { class: "detail-head" }, el("div", { class: "detail-signs" }, gc.severity(row.severity), el("span", { class: "step", "data-phase": desk.names.phase(row), text: desk.names.where(row) })), el("h2", { text: gc.title(row) }), el("p", { class: "detail-line", text: gc.t("queue.loading") }));

  function head(life) {
    const it = life.incident;
    const held = life.case;
    const since = held?.since ?? it.opened_at;
    const flags = [];
    if (held?.owner === "district" && it.state !== "closed") flags.push(el("p", { class: "flag flag-district" }, el("b", { text: gc.t("desk.district") }), gc.t(desk.me().role === "district" ? "desk.district.decide" : "desk.district.waits", { n: held.returns?.length ?? 0 })));
    const again = life.repeat;
    if (again?.flagged) flags.push(el("p", { class: "flag" }, el("b", { text: gc.t("desk.repeat", { n: again.n, days: Math.round(again.days) }) }), ...again.ids.filter((id) => id !== it.id).slice(-3).map(link)));
    if (held?.parent) flags.push(el("p", { class: "flag" }, el("b", { text: gc.t("desk.parent") }), link(held.parent), desk.sure("split", gc.t("desk.split"), desk.moves.barred(desk.moves.ARRANGERS))));
    if (held?.children?.length) flags.push(el("p", { class: "flag" }, el("b", { text: gc.t("desk.children", { n: held.children.length }) }), ...held.children.slice(0, 6).map(link)));
    if (held?.returns?.length) flags.push(el("p", { class: "flag" }, el("b", { text: gc.t("desk.returned", { n: held.returns.length }) }), gc.t("desk.returned.last", { owner: desk.names.owner(held.returns.at(-1).owner), reason: desk.written(held.returns.at(-1).reason) || held.returns.at(-1).rule || "–" })));
    const owner = held?.owner
      ? el("p", { class: "detail-line" }, el("span", { class: "detail-owner" }, gc.t("desk.owner.is"), el("b", { text: desk.names.owner(held.owner) })), held.why ? el("span", { class: "detail-why", text: desk.why(held.why), title: gc.t("desk.why") }) : null)
      : null;
    return el("header", { class: "detail-head" },
      el("div", { class: "detail-signs" }, gc.severity(it.severity), step(life), el("span", { class: "detail-since num", text: gc.t("desk.since", { age: gc.age(gc.since(since)) }), title: desk.time(gc.ms(since)) }), el("span", { class: "detail-id num", text: it.id }), el("button", { type: "button", class: "link", "data-action": `replay-life:${it.id}`, text: gc.t("replay.life") })),
      el("h2", { tabindex: "-1", text: gc.title(it) }), owner, desk.wall.line(life), ...flags);
  }
  const link = (id) => el("button", { type: "button", class: "link num", "data-action": `incident:${id}`, text: id });

  function clocks(life) {
    const all = life.case?.clocks ?? [];
    if (!all.length) return null;
    const ms = (time) => (time ? gc.ms(time) : null);
    const order = (clock) => (clock.stopped_at ? 2 : clock.paused_at ? 1 : 0);
    const line = (clock) => {
      const warn = (clock.warn ?? []).map(gc.ms);
      const moved = clock.original && clock.original !== clock.due;
      const doubts = (clock.doubts ?? []).map(desk.both).join(" ");
      return el("li", { class: "clock-row" },
        el("span", { class: "clock-name", text: desk.names.clock(life.case.workflow, clock.id), title: clock.limit || null }),
        gc.sla.node({ due: ms(clock.due), warn: warn.length ? Math.min(...warn) : null, paused: !!clock.paused_at && ms(clock.paused_at) <= ms(clock.due), stopped: ms(clock.stopped_at), from: ms(clock.started_at) }),
        el("span", { class: "clock-due num" }, el("span", {}, gc.t("desk.due", { at: desk.time(ms(clock.due)) }), doubts ? el("sup", { class: "clock-doubt", text: "※", title: doubts }) : null), moved ? el("s", { text: desk.time(ms(clock.original)), title: gc.t("desk.original") }) : null));
    };
    const sorted = [...all].sort((a, b) => order(a) - order(b) || ms(a.due) - ms(b.due));
    const doubts = [...new Set(all.flatMap((clock) => (clock.doubts ?? []).map(desk.both)))];
    return el("section", { class: "part part-clocks", "aria-label": gc.t("desk.clocks") },
      el("ul", { class: "clocks" }, ...sorted.map(line)),
      doubts.length ? el("p", { class: "clock-doubts", text: `※ ${gc.t("desk.doubt")}`, title: doubts.join("\n") }) : null);
  }

  function alike(life) {
    const found = life.duplicates ?? [];
    if (!found.length || life.incident.state === "closed" || life.case?.parent) return null;
    const line = ({ incident: other, parent, why }) => {
      // The later one becomes part of the one that was there first.
      const into = parent === other.id;
      const [child, head] = into ? [life.incident.id, other.id] : [other.id, life.incident.id];
      return el("li", { class: "alike" },
        el("button", { type: "button", class: "link alike-title", "data-action": `incident:${other.id}`, text: gc.title(other), title: other.id }),
        el("span", { class: "alike-why", text: `${desk.both(why)} · ${desk.names.where(other)}` }),
        other.state === "closed" ? null : desk.sure(`merge:${other.id}`, gc.t(into ? "desk.merge.into" : "desk.merge.here"), { title: gc.t("desk.merge.title", { child, into: head }), ...desk.moves.barred(desk.moves.ARRANGERS) }));
    };
    return desk.part("alike", "desk.alike", el("span", { class: "part-note", text: gc.t("desk.alike.note") }), desk.refusal("alike"), el("ul", {}, ...found.slice(0, 5).map(line)));
  }
  gc.actions.merge = async (id) => {
    const { incident, duplicates } = desk.life;
    const into = duplicates.find((it) => it.incident.id === id)?.parent === id;
    const [child, head] = into ? [incident.id, id] : [id, incident.id];
    const done = await desk.command("alike", `${desk.path(child)}/merge`, { into: head, ...(into ? { expected: incident.seq } : {}) }, gc.t("desk.merged", { child, into: head }));
    if (done && into) gc.selectIncident(head);
  };
  gc.actions.split = () => desk.command("toast", `${desk.path()}/split`, { expected: desk.life.incident.seq }, gc.t("desk.split.done"));

  /** Who can be asked, as the server shows it: with its middle covered. */
  const contact = (life) => life.records.findLast((record) => record.kind === "event" && record.payload.contact)?.payload.contact;
  function facts(life) {
    const it = life.incident;
    const lines = [
      gc.fact("fact.category", desk.names.category(it.category)), gc.fact("fact.opened", desk.time(gc.ms(it.opened_at))),
      it.closed_at ? gc.fact("fact.closed", desk.time(gc.ms(it.closed_at))) : null,
      gc.fact("fact.area", desk.names.area(it.area)), it.address ? gc.fact("fact.address", it.address) : null,
      contact(life) ? gc.fact("fact.contact", `${contact(life)} · ${gc.t("denied.contact")}`) : null,
      gc.fact("fact.source", gc.has(`source.${it.source}`) ? gc.t(`source.${it.source}`) : it.source),
      life.case?.workflow ? gc.fact("fact.workflow", desk.names.workflow(life.case.workflow)) : null,
    ];
    return desk.part("facts", "desk.facts", null, el("dl", { class: "facts" }, ...lines));
  }

  function cameras(life) {
    if (!life.cameras?.length) return null;
    return desk.part("cameras", "desk.cameras", null, el("ul", { class: "candidates" }, ...life.cameras.slice(0, 6).map((site) => el("li", { class: "camera" },
      el("span", { class: "cand-name", text: gc.name(site), title: site.id }),
      el("span", { class: "cand-note", text: site.in_view ? gc.t("camera.in_view") : "" }),
      el("span", { class: `cand-note status-${site.online ? "online" : "offline"}`, text: gc.t(site.online ? "camera.online" : "camera.offline") }),
      el("span", { class: "cand-note num", text: desk.metres(site.distance_m) })))));
  }

  desk.metres = (m) => (m === null || m === undefined ? "—" : m < 950 ? gc.t("desk.metres", { n: gc.num(Math.round(m / 10) * 10) }) : gc.t("desk.km", { n: (m / 1000).toFixed(1) }));

  let wantsFocus = "";
  /** The first thing that can be done with the case takes the keyboard, as soon as it is there. */
  function focus() {
    wantsFocus = desk.life ? "" : desk.chosen;
    // Never what only happens to be the first button: without a next step it is the case itself.
    if (desk.life) (document.querySelector("#detail .primary:not(:disabled)") ?? document.querySelector("#detail h2"))?.focus();
  }
  let digest = "";
  let onWalls = "";
  desk.case = {
    open, draw, reload,
    /** Rows of the queue that moved on: is the one in hand among them? */
    changed: (rows) => rows.some((row) => row.id === desk.chosen) && reloadSoon(),
    /** Units became free or busy: the candidates may be others. */
    follow: (panel) => {
      const walls = desk.wall.seen(desk.chosen);
      if (walls !== onWalls) {
        onWalls = walls;
        if (desk.life) show(desk.life);
      }
      const now = `${panel.kpis.units_available} ${panel.kpis.units_busy}`;
      if (now === digest) return;
      digest = now;
      if (desk.chosen && desk.life?.incident.state !== "closed") reloadSoon(2500);
    },
    /** Escape: leave the form or the question that is open. */
    cancel: () => {
      if (!desk.form && !desk.asking) return false;
      desk.form = desk.asking = desk.refused = null;
      draw();
      return true;
    },
    focus,
  };
  document.addEventListener("pointermove", (event) => {
    if (!event.target.closest?.("#detail")) return;
    const now = performance.now();
    if (!moved || now - moved > HOLD_MS) held = now;
    moved = now;
  }, { passive: true });
})();
