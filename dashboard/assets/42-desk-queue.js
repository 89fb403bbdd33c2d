// The queue: tabs, filter, counts and what is in hand, over the cases of the stream's layer `queue`. Rows and their order
// are `gridcommand.Queue`'s, the table is 42-desk-table.js's.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { set } = gc;
  const TABS = ["triage", "mine", "overdue", "open", "paused", "closed"];
  const HOLD_MS = 700; // the table keeps still so long after the pointer moved over it
  const HOLD_MOST_MS = 2000;
  const SEEN_NEW_MS = 60_000;
  let tab = "open";
  let words = "";
  let drawn = ""; // language and width that the columns are made for

  let collator = null;
  /** How the desk calls things, for sorting and for the filter. */
  const names = {
    owner: (id) => desk.names.owner(id),
    area: (code) => desk.names.area(code),
    category: (code) => desk.names.category(code),
    where: (at) => desk.names.where(at),
    workflow: (id) => desk.names.workflow(id),
    severity: (n) => ["zh", "en"].map((lang) => gc.boot.text[lang][`severity.${n}`]).join("\n"),
    compare: (a, b) => (collator ??= new Intl.Collator(gc.lang === "zh" ? "zh-CN-u-co-pinyin" : "en")).compare(a, b),
  };
  let queue = null;
  /** What the columns are made for: the language and, roughly, the width. */
  const look = () => `${gc.lang} ${Math.round($("incident-grid").clientWidth / 40)}`;
  const columns = () => desk.columns($("incident-grid").clientWidth);

  // --- tabs and filter -----------------------------------------------------------------------------------------
  const KEPT = "gridcommand.acted";
  const MOST_KEPT = 300;
  /** Cases that a desk gave a command to, the latest first, by the desk's name; kept by this browser. */
  const kept = () => {
    try {
      const all = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
      return all && typeof all === "object" ? all : {};
    } catch {
      return {};
    }
  };
  const workers = ["owner", "worker"];
  let mine = { key: "", kind: "centre" };
  /** What this desk is to look after: a department's cases, what waits for the district, or what waits in triage or was in its hands. */
  function whose() {
    const { actor, role, owner } = desk.me();
    const acted = workers.includes(role) || role === "district" ? [] : kept()[actor] ?? [];
    const of = workers.includes(role) ? owner : role === "district" ? "district" : "triage";
    const key = JSON.stringify([of, acted]);
    const kind = workers.includes(role) ? "owner" : role === "district" ? "district" : "centre";
    const changed = key !== mine.key;
    mine = { key, kind };
    if (changed) queue.see({ mine: { owner: of, ids: new Set(acted) } }, gc.now());
    return changed;
  }
  function acted(id) {
    const { actor } = desk.me();
    const all = kept();
    localStorage.setItem(KEPT, JSON.stringify({ ...all, [actor]: [id, ...(all[actor] ?? []).filter((it) => it !== id)].slice(0, MOST_KEPT) }));
    recount();
  }
  /** Handed back so often that only the district moves it on (docs: the third return). */
  desk.waitsForDistrict = (row) => row.owner === "district" && !row.closed;

  /** Numbers on the tabs and the words about the list; reads what the queue has, and moves nothing in the table. */
  function counts() {
    if (!queue?.heard) return;
    if (whose() && tab === "mine") desk.table.show();
    const n = queue.counts;
    const { total } = queue.told;
    for (const button of document.querySelectorAll("#queue-tabs > button")) {
      const name = button.dataset.value;
      set(button.lastChild, name === "open" ? gc.num(told() ? total : n.open) : name === "closed" ? (closed.total === null ? "…" : gc.num(closed.total)) : gc.num(n[name]));
      button.setAttribute("aria-selected", String(name === tab));
      button.tabIndex = name === tab ? 0 : -1;
      if (name === "mine") button.title = gc.t(`queue.mine.${mine.kind}`);
    }
    shown();
  }
  /** The server keeps some back. */
  const told = () => queue.told.shown < queue.told.total;
  let counting = 0;
  const recount = () => {
    counting ||= setTimeout(() => {
      counting = 0;
      counts();
    }, 120);
  };
  function shown() {
    const { n } = queue;
    const cut = told() ? gc.t("queue.cut", { shown: gc.num(queue.told.shown), total: gc.num(queue.told.total) }) : "";
    set($("list-shown"), words ? gc.t("queue.match", { n: gc.num(n) }) : cut);
    $("list-empty").hidden = n > 0;
    set($("list-empty"), !queue.heard || (tab === "closed" && closed.total === null) ? gc.t("queue.loading") : words ? gc.t("empty.incidents") : gc.t(tab === "mine" ? `queue.empty.mine.${mine.kind}` : `queue.empty.${tab}`));
    const fresh = queue.countFresh(gc.now(), SEEN_NEW_MS);
    $("list-fresh").hidden = !fresh;
    set($("list-fresh"), gc.t("queue.fresh", { n: gc.num(fresh) }));
    desk.narrowing.draw(queue, tab);
  }
  /** Look at another part of the queue. */
  function see(look) {
    queue.see(look, gc.now());
    desk.table.show();
    if (queue.heard) counts();
    else shown();
  }
  function open(name) {
    tab = TABS.includes(name) ? name : "open";
    if (tab === "closed") readClosed();
    if (queue) see({ tab });
  }
  gc.actions.tab = (name) => {
    window.history.replaceState(window.history.state, "", `${location.pathname}${gc.searchWith({ list: name })}`);
    open(name);
  };

  // --- closed today: not in the queue, read when asked for --------------------------------------------------------
  const closed = { total: null, asked: 0, timer: 0 };
  let seenBy = null; // the filters that the closed ones were read for
  const midnight = () => {
    const local = gc.local(gc.now());
    return new Date(gc.now() - (local % 86_400_000)).toISOString();
  };
  async function readClosed() {
    closed.asked = performance.now();
    const narrowed = desk.narrowing.by().length > 0; // by the view's filters, which the list of closed ones knows nothing of
    const limit = tab === "closed" || narrowed ? 2000 : 1;
    const query = new URLSearchParams({ state: "closed", closed_since: midnight(), area: gc.address.view.area, limit });
    const found = await gc.api(`/incidents?${query}`).catch((error) => ({ error }));
    if (found.error || !queue) return;
    const passing = found.incidents.filter(desk.narrowing.passes);
    closed.total = narrowed ? passing.length : found.total;
    if (limit > 1) {
      const list = passing.map((it) => ({ ...it, workflow: it.workflow ?? "", step: it.step ?? "", owner: it.owner ?? "", area: it.area ?? "", opened: gc.ms(it.opened_at), closed: gc.ms(it.closed_at), due: null, warn: null, paused: false, units: 0, children: 0, returns: 0 }));
      queue.takeClosed(list, gc.now());
      desk.table.show();
    }
    counts();
  }
  const closedSoon = () => {
    closed.timer ||= setTimeout(() => {
      closed.timer = 0;
      readClosed();
    }, Math.max(300, closed.asked + 3000 - performance.now()));
  };

  // --- what the stream brings --------------------------------------------------------------------------------------
  let waiting = null; // the latest that came while a hand was over the rows
  let held = 0;
  let moved = 0;
  let holding = 0;
  /** News wait while a hand is over the rows: nobody should click what has just come under the pointer. */
  function news(cases) {
    waiting = cases ?? waiting;
    if (!waiting) return;
    const still = Math.min(moved + HOLD_MS, held + HOLD_MOST_MS) - performance.now();
    if (queue.heard && moved && still > 0) {
      holding ||= setTimeout(() => {
        holding = 0;
        news();
      }, still);
      return;
    }
    moved = 0;
    take(waiting);
    waiting = null;
  }
  function take(cases) {
    const first = !queue.heard;
    const was = queue.row(desk.chosen);
    const { left } = queue.take(cases, gc.now());
    desk.table.show();
    counts();
    for (const owner of queue.owners) desk.names.met(owner);
    if (first) readClosed();
    else if (left.length) closedSoon();
    if (was && queue.row(desk.chosen) !== was) desk.case.changed([was]);
  }

  // --- what is in hand ---------------------------------------------------------------------------------------------
  let opening = 0;
  function step(key) {
    if (!queue?.n) return;
    const at = desk.queue.cursor ? queue.place(desk.queue.cursor) : -1;
    const from = at >= 0 ? at : key === "ArrowUp" ? queue.n : -1;
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + 10, PageUp: from - 10, Home: 0, End: queue.n - 1 }[key];
    const place = Math.min(queue.n - 1, Math.max(0, to));
    const id = queue.id(place);
    desk.queue.cursor = id;
    desk.table.reveal(place);
    clearTimeout(opening);
    opening = setTimeout(() => gc.selectIncident(id), 120); // a held key walks, it does not open everything
  }

  desk.queue = {
    cursor: "",
    /** Every case there is, those closed today too once they were read. */
    rows: { values: () => queue?.rows() ?? [] },
    row: (id) => queue?.row(id),
    recount, acted,
    select: (id) => {
      desk.queue.cursor = id;
      if (queue) desk.table.reveal(queue.place(id));
    },
    /** Each second: cases whose clock has come to another state change their place; what is seen grows older. */
    beat: (now) => {
      if (!queue?.heard) return;
      if (queue.turns <= now) {
        queue.arrange(now);
        desk.table.show();
        counts();
      }
      if (Math.floor(now / 1000) % 10) return;
      for (const node of document.getElementsByClassName("age-cell")) set(node, gc.age(gc.since(node.gcOpened)));
      // What was new is so no longer.
      if (queue.countFresh(now, SEEN_NEW_MS)) desk.table.show(true);
      shown();
    },
    /** Every case, whatever is looked at: the words of the filter go, and the tab is that of all. */
    everything: () => {
      if (words) desk.setInput($("list-filter"), "");
      if (tab !== "open") gc.actions.tab("open");
    },
    words: () => {
      collator = null;
      if ($("list-filter")) {
        $("list-filter").placeholder = `${gc.t("desk.search")}  ( / )`;
        $("list-filter").title = gc.t("desk.search.title");
        $("list-filter").setAttribute("aria-label", gc.t("desk.search"));
      }
      const by = JSON.stringify(desk.narrowing.by());
      if (seenBy !== null && seenBy !== by) readClosed();
      seenBy = by;
      queue.renamed(gc.now());
      if (look() !== drawn) desk.table.columns(columns());
      drawn = look();
      desk.table.show();
      desk.table.redraw();
      counts();
    },
    begin: () => {
      tab = new URLSearchParams(location.search).get("list") || "open";
      if (!TABS.includes(tab)) tab = "open";
      queue = new window.gridcommand.Queue(names);
      queue.see({ tab }, gc.now());
      whose();
      drawn = look();
      desk.table.begin($("incident-grid"), columns(), queue, (sort) => {
        queue.see({ sort }, gc.now());
        desk.table.show();
        $("by-need").setAttribute("aria-pressed", String(sort.by === "need"));
      });
      // The frames may have come before the table.
      window.gridcommand.watchQueue("stream", news);
      $("list-filter").addEventListener("input", (event) => {
        words = event.target.value.trim().toLowerCase();
        if (queue) see({ words: words.split(/\s+/).filter(Boolean) });
      });
      $("incident-grid").addEventListener("pointermove", () => {
        const now = performance.now();
        if (!moved || now - moved > HOLD_MS) held = now;
        moved = now;
      });
    },
  };
  gc.actions["by-need"] = () => desk.table.byNeed();
  gc.incidentRow = (id) => queue?.row(id);
  desk.action("step", "help.updown", step, { shortcut: "ArrowDown ArrowUp PageDown PageUp Home End" });
  desk.action("open", "help.enter", () => {
    clearTimeout(opening);
    if (desk.queue.cursor) gc.selectIncident(desk.queue.cursor);
    desk.case.focus();
  }, { shortcut: "Enter", when: () => !document.activeElement?.matches("button, a, summary, [tabindex='0']:not(.ag-cell)") });
  desk.action("filter", "help.slash", () => $("list-filter").focus(), { shortcut: "/" });
})();
