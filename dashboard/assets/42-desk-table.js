// The queue's table. It knows how many rows there are and asks for those that it shows: their order, the filter and the
// marks are the queue's (`gridcommand.Queue`). A change is written into the rows that are drawn, in the same moment.
(() => {
  "use strict";
  const gc = window.gc;
  const { desk } = gc;
  const FRESH_MS = 20_000;
  let api = null;
  let queue = null;

  /** What a cell draws: its row, or, until it was put into the table, what the queue has at its place. */
  const rowOf = ({ data, node }) => data ?? queue.at(node.rowIndex);

  /** Rows that the table keeps become those of the queue at their places. Their cells change in place: another case in a row makes none anew. */
  function fill(all = false) {
    api.forEachNode((node) => {
      const row = queue.at(node.rowIndex);
      if (!row || (node.data === row && !all)) return;
      if (node.id !== row.id) {
        if (node.isSelected()) node.setSelected(false);
        node.data = row; // whose id it takes
        node.setId(row.id);
      }
      node.updateData(row);
    });
  }
  const source = {
    // Its rows are filled already; handing them over as loaded would make each of their cells anew.
    getRows: ({ failCallback }) => {
      fill();
      mark();
      failCallback();
    },
  };
  /** What is in hand is marked where it is drawn. */
  function mark() {
    const { cursor } = desk.queue;
    const node = cursor && queue.place(cursor) >= 0 ? api.getRowNode(cursor) : null;
    if (!node) return void (api.getSelectedNodes().length && api.deselectAll());
    if (!node.isSelected()) node.setSelected(true, true);
  }

  desk.table = {
    rowOf,
    get api() {
      return api;
    },
    /** `of`: the queue; `sorted` is told by which column a person sorts, and whether downwards. */
    begin: (host, columns, of, sorted) => {
      queue = of;
      api = window.gridcommandTable(host, {
        columnDefs: columns,
        defaultColDef: { sortable: true, resizable: true, suppressHeaderMenuButton: true, sortingOrder: ["asc", "desc", null] },
        rowClassRules: { "is-fresh": (params) => queue.isFresh(rowOf(params)?.id, gc.now(), FRESH_MS) },
        datasource: source,
      });
      // The table keeps asking the source that it began with. With none to begin anew with, it does not throw its rows
      // away when a column is sorted by: the queue puts others into them.
      api.setRowCount(0, true);
      api.setGridOption("datasource", undefined);
      api.addEventListener("rowClicked", ({ rowIndex }) => gc.selectIncident(queue.id(rowIndex)));
      api.addEventListener("sortChanged", () => {
        const by = api.getColumnState().find((it) => it.sort);
        if (!by) return desk.table.byNeed();
        sorted({ by: by.colId, down: by.sort === "desc" });
      });
    },
    /** Bring the table in line with the queue; `all`: also rows that are as they were, since time went on. */
    show: (all = false) => {
      if (!api) return;
      // Rows beyond the last one are out of the table's reach but keep their mark: it is taken off while it can be.
      if (api.getDisplayedRowCount() > queue.n) api.deselectAll();
      if (api.getDisplayedRowCount() !== queue.n) api.setRowCount(queue.n, true);
      fill(all);
      mark();
    },
    mark: () => api && mark(),
    /** Scroll to the row at a place of the queue, and mark what is in hand. */
    reveal: (place) => {
      if (!api) return;
      if (place >= 0) api.ensureIndexVisible(place);
      fill();
      mark();
    },
    byNeed: () => api?.applyColumnState({ state: [{ colId: "need", sort: "asc" }], defaultState: { sort: null } }),
    /** Columns with their names in the screen's language, the sorting kept. */
    columns: (columns) => {
      const kept = api.getColumnState().filter((it) => it.sort).map(({ colId, sort }) => ({ colId, sort }));
      api.setGridOption("columnDefs", columns);
      if (kept.length) api.applyColumnState({ state: kept, defaultState: { sort: null } });
    },
    redraw: () => api.refreshCells({ force: true }),
  };
})();
