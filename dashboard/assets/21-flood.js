// Too many at once: a list of single matters says nothing then, so what they are is said above it, in groups whose numbers add up.
(() => {
  "use strict";
  const gc = window.gc;
  const { el } = gc;
  const LISTS = ["#panel-ticker > .panel-body", "#panel-list > .panel-body"];

  function draw(flood) {
    const list = LISTS.map((name) => document.querySelector(name)).find(Boolean);
    let node = document.getElementById("flood");
    if (!flood || !list) return node?.remove();
    const key = JSON.stringify([flood, gc.lang]);
    if (node?.dataset.key === key && node.parentElement === list) return;
    node ??= el("div", { id: "flood", class: "flood", role: "status" });
    node.dataset.key = key;
    const share = (it) => el("button", { type: "button", class: "flood-group", "data-nav": `category=${encodeURIComponent(it.code)}` }, gc.name(it), el("b", { class: "num", text: gc.num(it.count) }));
    node.replaceChildren(
      el("p", {}, el("b", { text: gc.t("flood.title") }), gc.t(flood.usual ? "flood.text" : "flood.text.new", { n: gc.num(flood.n), usual: gc.num(flood.usual) })),
      el("div", { class: "flood-groups" }, ...flood.groups.map(share), flood.rest ? el("span", { class: "flood-group" }, gc.t("categories.other"), el("b", { class: "num", text: gc.num(flood.rest) })) : null));
    list.prepend(node);
  }
  const usual = gc.renderPanel;
  gc.renderPanel = (panel) => {
    usual(panel);
    draw(panel.flood);
  };
})();
