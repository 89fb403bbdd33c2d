// Columns of the queue: what each cell shows. Cells are plain elements, made once and changed in place.
(() => {
  "use strict";
  const gc = window.gc;
  const { desk } = gc;
  const { el, set } = gc;

  /** A cell whose element `make`s once and `change`s with each row. Another `kind` of row needs another element. */
  const cell = (make, change, kind = () => true) =>
    class {
      init(params) {
        const row = desk.table.rowOf(params);
        this.kind = !row || kind(row);
        this.node = make(row);
        if (row) change(this.node, row);
      }
      getGui() {
        return this.node;
      }
      refresh(params) {
        const row = desk.table.rowOf(params);
        if (!row || kind(row) !== this.kind) return false;
        change(this.node, row);
        return true;
      }
    };
  const clockOf = (row) => ({ due: row.due, warn: row.warn, paused: row.paused && row.due === null, from: row.opened, stopped: null });
  const wordCell = (className, words) => cell(() => el("span", { class: className }), (node, row) => {
    const text = words(row);
    set(node, text);
    if (node.title !== text) node.title = text;
  });

  const Clock = cell(
    (row) => (row?.closed ? el("span", { class: "sla-done" }) : gc.sla.node(row ? clockOf(row) : {})),
    (node, row) => (row.closed ? set(node, gc.t("queue.closed_at", { at: gc.clock(row.closed) })) : gc.sla.change(node, clockOf(row))),
    (row) => !row.closed,
  );
  const Severity = cell(() => el("span", { class: "sev-cell" }), (node, row) => {
    const seen = `${row.severity}${gc.lang}`;
    if (node.dataset.seen === seen) return;
    node.dataset.seen = seen;
    node.replaceChildren(gc.severity(row.severity));
  });
  const Step = cell(() => el("span", { class: "step" }), (node, row) => {
    node.dataset.phase = desk.names.phase(row);
    set(node, desk.names.where(row));
    node.title = `${desk.names.where(row)}${row.workflow ? ` · ${desk.names.workflow(row.workflow)}` : ""}`;
  });
  const what = (narrow) => cell(() => el("span", { class: "what" }, el("span", { class: "what-title" }), el("span", { class: "what-flags num" }), el("span", { class: "what-more" })), (node, row) => {
    const [title, flags, more] = node.children;
    const words = gc.title(row);
    const category = desk.names.category(row.category);
    const area = desk.names.area(row.area);
    // What the title says is not said again beneath it: the title gets the room.
    const told = (name, part) => words.toLowerCase().includes(name.slice(0, part).toLowerCase());
    const rest = [told(category) ? "" : category, narrow && row.area && !told(area, gc.lang === "zh" ? 2 : area.search(/\s|$/)) ? area : ""].filter(Boolean).join(" · ");
    node.classList.toggle("is-title", !rest);
    set(title, words);
    set(flags, [desk.waitsForDistrict(row) ? gc.t("queue.district") : "", row.children ? gc.t("queue.children", { n: row.children }) : "", row.returns ? gc.t("queue.returns", { n: row.returns }) : ""].filter(Boolean).join(" "));
    set(more, rest);
    node.title = `${words}\n${category} · ${area}\n${row.id}`;
  });
  const Age = cell(() => el("span", { class: "age-cell num" }), (node, row) => {
    node.gcOpened = row.opened;
    set(node, gc.age(gc.since(row.opened)));
  });
  const Units = cell(() => el("span", { class: "units-cell num" }), (node, row) => {
    set(node, row.units ? gc.num(row.units) : "–");
    node.classList.toggle("is-none", !row.units);
  });

  desk.columns = (width) => {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const wide = (n) => ({ width: Math.round(n * rem), minWidth: Math.round(n * rem) });
    const narrow = width < 52 * rem;
    const column = (colId, Cell, more) => ({ colId, headerName: gc.t(`queue.col.${colId}`), headerTooltip: gc.t(`queue.tip.${colId}`), cellRenderer: Cell, ...more });
    return [
      column("clock", Clock, wide(gc.lang === "zh" ? 7.4 : 8.2)),
      column("severity", Severity, wide(gc.lang === "zh" ? 4.6 : 5.5)),
      column("step", Step, wide(gc.lang === "zh" ? 5.4 : 6.4)),
      column("what", what(narrow), { flex: 3, minWidth: Math.round(9 * rem) }),
      column("area", wordCell("word-cell is-two", (row) => desk.names.area(row.area)), { flex: 1, minWidth: Math.round((gc.lang === "zh" ? 6.3 : 5.5) * rem), hide: narrow }),
      column("owner", wordCell("word-cell is-two", (row) => desk.names.owner(row.owner)), { flex: 1, minWidth: Math.round((gc.lang === "zh" ? 5.2 : 7.3) * rem) }),
      column("age", Age, wide(gc.lang === "zh" ? 4 : 3.7)),
      column("units", Units, wide(gc.lang === "zh" ? 3.2 : 3.4)),
      { colId: "need", hide: true, sort: "asc" },
    ];
  };
})();
