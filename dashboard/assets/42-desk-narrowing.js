// What narrows the queue beside its own tab and filter: the view's filters, which also stand over the map. Said over the
// queue with how many it leaves, and lifted there; so is a case that was just filed and is hidden by them.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { set } = gc;
  const NONE = { severity: "", category: "", source: "" };
  let said = ""; // the filters and the language that were said last
  let filed = null; // the case that this desk opened last, while it may be hidden

  const view = () => gc.address.view;
  /** The filters that are set, in words. */
  function by() {
    const { severity, category, source } = view();
    return [
      severity ? gc.t(`severity.${severity}`) : "", category ? desk.names.category(category) : "", source ? gc.word("source", source) : "",
    ].filter(Boolean);
  }
  /** Whether the view's filters let a case through, as the server's do (layers/selection.py). */
  function passes(row) {
    const { severity, category, source } = view();
    const own = String(row.category ?? "");
    return (!severity || row.severity === severity) && (!source || row.source === source) &&
      (!category || (/^\d+$/.test(category) ? own.startsWith(category) : own === category));
  }
  /** Say what narrows, when a person chose something else; how many that leaves is read, not heard with every frame. */
  function hear(what) {
    const { severity, category, source } = view();
    const chosen = JSON.stringify([severity, category, source, gc.lang]);
    if (said && said !== chosen) set($("list-narrowed-heard"), what.length ? gc.t("queue.narrowed", { what: gc.listed(what) }) : "");
    said = chosen;
  }
  const within = (row) => !view().area || desk.names.within(row.area, view().area);
  /** Whether the case that was filed here is nowhere in the list; false while the stream has not brought it. */
  function hidden(queue) {
    if (!filed) return false;
    if (!passes(filed) || !within(filed)) return true;
    return !!queue.row(filed.id) && queue.place(filed.id) < 0;
  }

  desk.narrowing = {
    by, passes,
    draw: (queue, tab) => {
      const what = by();
      $("list-narrowed").hidden = !what.length || !queue.heard;
      if (what.length) {
        const { all, shown, total } = queue.told;
        const n = tab === "closed" ? null : shown < total ? total : queue.counts.open; // as the tab counts them
        const only = gc.listed(what);
        set($("list-narrowed-words"), n === null ? gc.t("queue.narrowed", { what: only }) : gc.t("queue.narrowed.of", { what: only, n: gc.num(n), all: gc.num(all) }));
      }
      hear(what);
      if (filed && queue.row(filed.id) && queue.place(filed.id) >= 0) filed = null; // it is seen
      $("list-filed").hidden = !hidden(queue);
      if (filed) set($("list-filed-words"), gc.t("queue.filed", { title: gc.title(filed) }));
    },
    /** A case was opened here. */
    filed: (incident) => {
      filed = incident;
      desk.queue.recount();
    },
    /** Another case is in hand: what was filed is done with. */
    left: (id) => {
      if (!filed || filed.id === id) return;
      filed = null;
      desk.queue.recount();
    },
  };
  /** The button goes with its line: what had the focus hands it on instead of dropping it. */
  const handOn = () => $("list-filter").focus();
  gc.actions["all-cases"] = () => {
    gc.navigate(NONE);
    handOn();
  };
  gc.actions["show-filed"] = () => {
    if (!filed) return;
    const { id } = filed;
    desk.queue.everything();
    gc.navigate({ ...(passes(filed) ? {} : NONE), ...(within(filed) ? {} : { area: "" }), incident: id });
    desk.queue.select(id);
    handOn();
  };
})();
