// Runs in the page that bench/browser/desk_queue.py measures, before the page's own scripts: brings the stream to the
// bench, knows what the queue should show by plain comparison of all rows, and tells when it is painted.
(() => {
  "use strict";
  const received = [];
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(url, ...more) {
      const stream = String(url).endsWith("/stream");
      super(stream ? "ws://127.0.0.1:PORT/" : url, ...more);
      if (stream) this.addEventListener("message", ({ data }) => typeof data !== "string" && received.push(performance.now()));
    }
  };

  const NEVER = 9e12;
  const due = (row) => row.due ?? NEVER;
  const need = (row, now) => {
    if (row.severity === 1 && row.state === "open" && !row.units && !row.paused) return 0;
    const is = window.gc.sla.state(row, now);
    return is === "paused" ? 4 : row.owner === "triage" || is === "overdue" ? 1 : is === "warning" ? 2 : 3;
  };
  const byNeed = (a, b, now) => need(a, now) - need(b, now) || a.severity - b.severity || due(a) - due(b) || a.opened - b.opened;
  const comparisons = () => {
    const { gc } = window;
    const { names } = gc.desk;
    const alphabet = new Intl.Collator(gc.lang === "zh" ? "zh-CN-u-co-pinyin" : "en");
    const by = (name) => (a, b) => alphabet.compare(name(a), name(b));
    return {
      need: () => 0,
      clock: (a, b) => due(a) - due(b),
      severity: (a, b) => a.severity - b.severity,
      step: by((row) => names.where(row)),
      what: by((row) => names.category(row.category)),
      area: by((row) => names.area(row.area)),
      owner: by((row) => names.owner(row.owner)),
      age: (a, b) => b.opened - a.opened,
      units: (a, b) => a.units - b.units,
    };
  };
  const has = (row, words) => {
    const { names } = window.gc.desk;
    const urgent = row.severity === 1 ? window.gc.t("severity.1") : "";
    const hay = [row.id, row.title, row.title_en, names.owner(row.owner), names.area(row.area), names.where(row), names.category(row.category), names.workflow(row.workflow), urgent];
    return words.split(" ").every((word) => hay.join("\n").toLowerCase().includes(word));
  };

  const shows = (id, place = 0) => {
    const node = document.querySelector(`#incident-grid .ag-center-cols-container [row-index="${place}"]`);
    return node?.getAttribute("row-id") === id && node.querySelector(".what")?.title.endsWith(id);
  };
  const counts = (tab, n) => document.querySelector(`#queue-tabs [data-value=${tab}] .tab-count`).textContent === window.gc.num(n);
  /** Right on the page; then one frame, and what comes after it, is the paint. */
  const painted = (right) =>
    new Promise((done) => {
      const look = () => {
        if (right()) requestAnimationFrame(() => setTimeout(() => done(performance.now())));
        else setTimeout(look, 1);
      };
      look();
    });

  let table = null;
  window.bench = {
    begin: async () => {
      table = window.gc.desk.table.api;
    },
    /** The id that stands first in a column's order, of all rows or of those with some words in them. */
    first: (column, words = "") => {
      const now = window.gc.now();
      const compare = comparisons()[column];
      const rows = [...window.gc.desk.queue.rows.values()].filter((row) => has(row, words));
      return rows.reduce((a, b) => ((compare(a, b) || byNeed(a, b, now)) <= 0 ? a : b)).id;
    },
    opened: async (frames, id, open, triage) => (await painted(() => received.length >= frames && shows(id) && counts("open", open) && counts("triage", triage))) - received[frames - 1],
    changed: async (frames, id, seq, open) => (await painted(() => received.length >= frames && window.gc.desk.queue.row(id)?.seq === seq && counts("open", open))) - received[frames - 1],
    sorted: async (column, id) => {
      const began = performance.now();
      table.applyColumnState({ state: [{ colId: column, sort: "asc" }], defaultState: { sort: null } });
      return (await painted(() => shows(id))) - began;
    },
    filtered: async (words, id, n) => {
      const began = performance.now();
      window.gc.desk.setInput(document.getElementById("list-filter"), words);
      return (await painted(() => shows(id) && table.getDisplayedRowCount() === n)) - began;
    },
    matching: (words) => [...window.gc.desk.queue.rows.values()].filter((row) => has(row, words)).length,
    last: async (n) => {
      document.activeElement?.blur();
      const began = performance.now();
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
      return (await painted(() => document.querySelector(`#incident-grid .ag-row-selected[row-index="${n - 1}"] .what-title`))) - began;
    },
  };
})();
