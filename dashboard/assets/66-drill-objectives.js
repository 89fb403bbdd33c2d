// The objectives: what is asked for, what came of the actions that were expected for it so far, and what evaluators say of it.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  const { exercise, console: board } = gc;
  if (!board) return;
  const RATINGS = ["P", "S", "M", "U"];
  const refused = new Map(); // objective -> why its rating was refused
  /** Expected actions of an objective's injects: those that were called for, done in time, too late or not at all. */
  function tally(id) {
    const of = exercise.state.injects.filter((it) => it.expect?.objective === id);
    const called = of.filter((it) => it.fate === "fired");
    const met = called.filter((it) => it.expect.done_at && it.expect.met !== false).length;
    const late = called.filter((it) => it.expect.met === false || (!it.expect.done_at && exercise.now() > gc.ms(it.expect.due))).length;
    return { of: of.length, called: called.length, met, late };
  }
  const last = (ratings, by) => [...ratings].reverse().find((each) => each.by === by)?.rating;
  const make = (it) => el("li", { class: "objective", "data-objective": it.id },
    el("span", { class: "objective-name" }), el("span", { class: "objective-target" }),
    el("span", { class: "objective-tally" }, el("span", { class: "objective-bar", "aria-hidden": "true" }, el("i", { class: "is-met" }), el("i", { class: "is-late" })), el("span", { class: "num" })),
    el("span", { class: "objective-rate" },
      el("span", { class: "segmented", role: "group" }, ...RATINGS.map((rating) => el("button", { type: "button", class: "seg num", "data-action": `drill-judge:${it.id}:${rating}`, "data-rating": rating, text: rating }))),
      el("input", { class: "input objective-note", maxlength: 300, autocomplete: "off" })),
    el("span", { class: "objective-ratings" }));
  const target = (it) => {
    const words = typeof it.target === "string" ? it.target : gc.name({ name: it.target?.zh, name_en: it.target?.en });
    return words && words !== board.words(it) ? words : "";
  };
  function update(node, it) {
    const [name, asked, sum, rate, ratings] = node.children;
    set(name, board.words(it));
    set(asked, target(it));
    const { of, called, met, late } = tally(it.id);
    const width = (n) => `${of ? (100 * n) / of : 0}%`;
    sum.hidden = !of;
    sum.firstChild.children[0].style.width = width(met);
    sum.firstChild.children[1].style.width = width(late);
    set(sum.lastChild, gc.t("drill.tally", { met: gc.num(met), called: gc.num(called), of: gc.num(of) }) + (late ? gc.t("drill.tally.late", { n: gc.num(late) }) : ""));
    const mine = last(it.ratings, gc.controller.name);
    for (const button of rate.firstChild.children) {
      button.setAttribute("aria-pressed", String(button.dataset.rating === mine));
      button.disabled = !!board.busy;
      button.title = `${button.dataset.rating}: ${gc.t(`drill.rating.${button.dataset.rating}`)}`;
      button.setAttribute("aria-label", button.title);
    }
    rate.lastChild.placeholder = gc.t("drill.rate.note");
    rate.lastChild.setAttribute("aria-label", gc.t("drill.rate.note"));
    const key = JSON.stringify([it.ratings, gc.lang, refused.get(it.id)]);
    if (ratings.dataset.drawn === key) return;
    ratings.dataset.drawn = key;
    ratings.replaceChildren(
      ...it.ratings.map((each) => el("span", { class: "objective-said" }, el("b", { class: "num", text: each.rating }), el("span", { text: each.by }), each.note ? el("q", { text: each.note }) : null)),
      ...(refused.get(it.id) ? [el("p", { class: "refusal", role: "alert", text: refused.get(it.id) })] : []));
  }
  function draw() {
    const host = $("objectives");
    if (!host || !exercise.state) return;
    host.classList.remove("skeleton");
    if (!exercise.state.objectives.length) return gc.empty(host, "drill.objectives.none");
    keyed(host, exercise.state.objectives, (it) => it.id, make, update);
  }
  gc.actions["drill-judge"] = async (words) => {
    const at = words.lastIndexOf(":");
    const objective = words.slice(0, at);
    const node = $("objectives").querySelector(`[data-objective="${CSS.escape(objective)}"] .objective-note`);
    refused.delete(objective);
    const done = await board.act("rate", { objective, rating: words.slice(at + 1), note: node.value.trim() }, (why) => (why ? refused.set(objective, why) : refused.delete(objective)));
    if (done) node.value = "";
    draw();
  };
  board.listeners.push(draw);
})();
