// Bookmarks of moments, the same in every browser, and what had happened by a moment: who did what, newest first.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  const { replays: replay } = gc;
  const KEY = "gridcommand.marks"; // where browsers kept theirs before bookmarks were records
  const EVERY_MS = 10_000; // other browsers' bookmarks come up by themselves

  // --- bookmarks: records of the log, the same in every browser -----------------------------------------------------------
  let marks = [];
  const mine = () => localStorage.getItem("gridcommand.desk") ?? "";
  const timeline = () => replay.now?.timeline ?? "live";
  const taken = (found) => {
    marks = found.map((it) => ({ id: it.id, t: gc.ms(it.t), text: it.name, actor: it.actor }));
    replay.drawTrack?.();
    list();
  };
  let timer = 0;
  async function load() {
    clearTimeout(timer);
    if (!$("marks") && !$("replay-marks")) return;
    timer = setTimeout(load, EVERY_MS);
    if (document.hidden) return;
    await given();
    const found = await gc.api(`/bookmarks?timeline=${encodeURIComponent(timeline())}`).catch(() => null);
    if (found) taken(found.bookmarks);
  }
  /** Bookmarks that this browser kept for itself become everybody's, once. */
  async function given() {
    let old;
    try {
      old = JSON.parse(localStorage.getItem(KEY) ?? "[]").filter((mark) => Number.isFinite(mark?.t));
    } catch {
      old = [];
    }
    try {
      for (const mark of old) await put(mark.t, mark.text ?? "");
      localStorage.removeItem(KEY);
    } catch {
      // tried again at the next look
    }
  }
  const put = (t, text) => gc.api("/bookmarks", { t: new Date(t).toISOString(), name: text.slice(0, 80), actor: mine(), timeline: timeline() });
  const said = (work) => work.then(load).catch((error) => replay.say?.(error.message));
  replay.marks = {
    all: () => marks,
    load,
    add: (t) => {
      const at = Math.round(t);
      if (marks.some((mark) => mark.t === at)) return;
      return said(put(at, "").then(() => replay.say?.(gc.t("replay.marked", { at: gc.clock(at) }))));
    },
    rename: (t, text) => said(put(t, text)),
    remove: (t) => {
      const mark = marks.find((each) => each.t === t);
      return mark && said(removed(mark.id));
    },
  };
  async function removed(id) {
    const answer = await fetch(`/api/v1/bookmarks/${encodeURIComponent(id)}?actor=${encodeURIComponent(mine())}`, { method: "DELETE" });
    if (!answer.ok && answer.status !== 404) throw new Error((await answer.json().catch(() => ({}))).error ?? gc.t("desk.unreachable"));
  }
  gc.actions["replay-unmark"] = (t) => replay.marks.remove(Number(t));

  function list() {
    const host = $("marks");
    if (!host) return;
    if (!marks.length) return gc.empty(host, "replay.marks.none");
    keyed(host, [...marks].reverse(), (mark) => `${mark.t}`,
      (mark) => el("li", { class: "mark-row" },
        el("button", { type: "button", class: "link num", "data-action": `replay-at:${mark.t}` }),
        el("input", { class: "input mark-name", maxlength: 80, onchange: (event) => replay.marks.rename(mark.t, event.target.value.trim()) }),
        el("button", { type: "button", class: "link", "data-action": `replay-unmark:${mark.t}` })),
      (node, mark) => {
        const [when, name, remove] = node.children;
        set(when, replay.moment(mark.t));
        when.title = mark.actor;
        if (document.activeElement !== name) name.value = mark.text;
        name.setAttribute("aria-label", gc.t("replay.marks.name"));
        name.placeholder = gc.t("replay.marks.name");
        set(remove, gc.t("replay.marks.remove"));
      });
  }
  /** A moment of a list: shown here while a replay runs, else a new one begins at it. */
  gc.actions["replay-at"] = (t) => (gc.replay ? replay.seek(Number(t)) : replay.start(Number(t)));

  // --- what had happened ---------------------------------------------------------------------------------------------
  const names = () => gc.desk.names;
  const list_ = (ids) => ids.filter(Boolean).join(gc.lang === "zh" ? "、" : ", ");
  /** What a record says was done; `later`: it tells of something after its own time. */
  function what(record, later = false) {
    const p = record.payload;
    const key = record.kind === "event" && later ? "happened.event.life" : `happened.${record.kind}`;
    const move = p.move ? names().move(p.workflow, p.move) : "";
    const steps = p.before && p.before !== p.step ? `${names().step(p.workflow, p.before)} → ${names().step(p.workflow, p.step)}` : "";
    const said = gc.has(key) ? gc.t(key, { units: list_((p.units ?? [p.unit ?? p.site]).map((id) => id && unitName(id))), move, status: p.status ? gc.word("status", p.status) : "" }) : gc.t("happened.other");
    return [said, steps].filter(Boolean).join(" · ");
  }
  const unitName = (id) => gc.desk.unitName?.(id) ?? id;
  const who = (record) => (record.payload.actor ? names().actor(record.payload.actor) : "");
  const about = (it) => gc.title({ category: it.category, ...it.record.payload, title: it.title || it.record.payload.title, title_en: it.title_en || it.record.payload.title_en, id: it.incident });
  gc.happened = { words: (it) => [what(it.record, gc.ms(it.at) > gc.ms(it.record.at)), it.incident ? about(it) : "", who(it.record)].filter(Boolean).join(" · ") };

  let asked = 0;
  let last = { t: null, at: -Infinity };
  let soon = 0;
  /** At most twice a second: what moves fast is read on the picture. */
  function happened(now) {
    const host = $("happened");
    if (!host || now.t === last.t) return;
    clearTimeout(soon);
    const wait = last.at + 500 - performance.now();
    if (wait > 0) return void (soon = setTimeout(() => happened(replay.now), wait));
    last = { t: now.t, at: performance.now() };
    const mine = ++asked;
    const params = new URLSearchParams({ at: new Date(now.t).toISOString(), limit: 60, timeline: now.timeline });
    gc.api(`/replays/moments?${params}`).then((answer) => mine === asked && rows(host, answer.moments)).catch((error) => replay.say(error.message));
  }
  let held = [];
  function rows(host, moments) {
    held = moments;
    host.classList.remove("skeleton");
    if (!moments.length) return gc.empty(host, "replay.happened.none");
    keyed(host, moments, (it) => `${it.record.seq}`,
      () => el("li", { class: "happened-row" }, el("button", { type: "button" },
        el("time", { class: "num" }), el("span", { class: "happened-what" }), el("span", { class: "happened-who" }), el("span", { class: "happened-about" }))),
      (node, it) => {
        const p = it.record.payload;
        const t = gc.ms(it.at);
        const words = [what(it.record, t > gc.ms(it.record.at)), who(it.record), it.incident ? about(it) : ""];
        const seen = `${gc.lang}${it.at}${words}`;
        if (node.dataset.seen === seen) return;
        node.dataset.seen = seen;
        const [when, said, actor, title] = node.firstChild.children;
        set(when, gc.clock(t));
        when.title = replay.moment(t);
        set(said, words[0]);
        set(actor, words[1]);
        set(title, words[2]);
        title.title = [words[2], it.incident, p.reason && gc.desk.both(p.reason), p.why && gc.desk.both(p.why)].filter(Boolean).join(" · ");
        node.dataset.kind = it.record.kind;
        node.firstChild.dataset.action = it.incident ? `incident:${it.incident}` : "";
      });
  }
  if (gc.replay) {
    let named = false;
    replay.listeners.push((now) => {
      if (!named && gc.address?.page !== "/desk") names().begin(); // workflows and owners by their names; the desk reads them itself
      named = true;
      happened(now);
    });
    const usual = gc.desk.words;
    gc.desk.words = (...args) => {
      usual(...args);
      if ($("happened") && held.length) rows($("happened"), held); // names have come, or the language is another
    };
  }
  replay.lists = () => {
    list();
    load();
  };
})();
