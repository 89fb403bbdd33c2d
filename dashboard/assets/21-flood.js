// Too many at once: a list of single matters says nothing then, so what they are is said above it, in groups whose numbers add up.
(() => {
  "use strict";
  const gc = window.gc;
  const { el, set, keyed } = gc;
  const LISTS = ["#panel-ticker > .panel-body", "#panel-list > .panel-body"];

  function draw(flood) {
    const list = LISTS.map((name) => document.querySelector(name)).find(Boolean);
    let node = document.getElementById("flood");
    if (!flood || !list) return node?.remove();
    node ??= el("div", { id: "flood", class: "flood" }, el("p", {}, el("b", { role: "status" }), el("span")), el("div", { class: "flood-groups" }));
    if (node.parentElement !== list) list.prepend(node);
    const [title, text] = node.firstChild.children;
    set(title, gc.t("flood.title"));
    set(text, gc.t(flood.usual ? "flood.text" : "flood.text.new", { n: gc.num(flood.n), usual: gc.num(flood.usual) }));
    // A button that somebody is about to press, or stands on, stays where it is while its number changes.
    keyed(node.lastChild, flood.rest ? [...flood.groups, { count: flood.rest }] : flood.groups, (it) => it.code ?? "",
      (it) => el(it.code ? "button" : "span", { class: "flood-group", ...(it.code ? { type: "button", "data-nav": `category=${encodeURIComponent(it.code)}` } : {}) }, el("span"), el("b", { class: "num" })),
      ({ children: [name, n] }, it) => {
        set(name, it.code ? gc.name(it) : gc.t("categories.other"));
        set(n, gc.num(it.count));
      });
  }
  const usual = gc.renderPanel;
  gc.renderPanel = (panel) => {
    usual(panel);
    draw(panel.flood);
  };
})();
