// Where the officer was looking: what flies elsewhere keeps the view it left, and `b` restores it as it was. Nine views can be kept.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el } = gc;
  const MOST = 20;
  const stack = []; // views left, the newest last
  let now = null; // what the map told last
  let own = true; // the officer chose what is seen: the beginning, an area, a movement by hand, a view restored
  let touched = false; // a hand was on the map since the desk flew somewhere
  let restoring = 0;

  const camera = ({ lon, lat, zoom, pitch, bearing }) => ({ lon, lat, zoom, pitch, bearing });
  const same = (a, b) => !!a && !!b && Object.keys(camera(a)).every((key) => a[key] === b[key]);
  const show = (view) => {
    // A number of its own: the same view asked for twice is two wishes.
    window.dash_clientside.set_props("map", { focus: { code: gc.address.focus.code, level: gc.address.focus.level, camera: camera(view), n: ++restoring } });
  };

  window.addEventListener("gridcommand", ({ detail }) => {
    if (detail.id !== "map" || !detail.viewportInfo) return;
    if (touched && !same(now, detail.viewportInfo)) own = true;
    now = detail.viewportInfo;
    button();
  });
  for (const kind of ["pointerdown", "wheel", "keydown"])
    document.addEventListener(kind, (event) => { if (event.target.closest?.("#map")) touched = true; }, { capture: true, passive: true });

  /** Before the desk flies somewhere: a view that the officer chose is kept. */
  function leave() {
    if (own && now && !same(stack.at(-1), now)) stack.push(camera(now));
    if (stack.length > MOST) stack.shift();
    own = touched = false;
    button();
  }
  function back() {
    const view = stack.pop();
    if (!view) return false;
    touched = false;
    own = true;
    show(view);
    button();
    return true;
  }
  const { select, fly, home } = desk.map;
  desk.map.select = (incident, flies = false) => {
    if (incident && flies && incident.lon !== null) leave();
    select(incident, flies);
  };
  desk.map.fly = (lon, lat) => {
    leave();
    fly(lon, lat);
  };
  /** Leaving an incident: to where the officer looked before, or else to the whole area. */
  desk.map.home = () => {
    stack.splice(1); // all but the first were looks at something meanwhile
    if (!back()) home();
  };
  // Another area is another view of the officer's own.
  let focus = "";
  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    const code = gc.address?.focus ? `${gc.address.focus.code} ${gc.address.focus.level}` : "";
    if (code !== focus) {
      focus = code;
      own = true;
      stack.length = 0;
    }
    usual(...args);
    button();
  };

  // --- nine views, kept for this desk ------------------------------------------------------------------------------
  const key = () => `gridcommand.views.${desk.me().actor}`;
  function kept() {
    try {
      const views = JSON.parse(localStorage.getItem(key()) ?? "{}");
      return views && typeof views === "object" ? views : {};
    } catch {
      return {};
    }
  }
  function keep(n) {
    if (!now) return;
    localStorage.setItem(key(), JSON.stringify({ ...kept(), [n]: camera(now) }));
    desk.toast(gc.t("view.kept", { n }));
  }
  function go(n) {
    const view = kept()[n];
    if (!view) return desk.toast(gc.t("view.none", { n }), true);
    leave();
    show(view);
  }
  desk.view = { back, go, keep, kept: () => Object.keys(kept()).map(Number).sort(), now: () => now, stack };

  // --- keys and the button on the map --------------------------------------------------------------------------------
  function button() {
    const host = document.querySelector(".page-desk .map-host");
    if (!host) return;
    let node = $("view-back");
    if (!node) {
      node = el("button", { type: "button", id: "view-back", class: "view-back", "data-action": "view-back" });
      host.append(node);
    }
    node.hidden = !stack.length;
    gc.set(node, gc.t("view.back"));
    node.title = "B";
  }
  gc.actions["view-back"] = () => back();
  desk.action("view-back", "help.view_back", () => back(), { shortcut: "b Backspace", shown: "B", group: "map", when: () => stack.length > 0 });
  desk.action("view-go", "help.view_go", (n) => go(Number(n)), { shortcut: "1 2 3 4 5 6 7 8 9", shown: "1 – 9", group: "map", when: () => !desk.asking });
  desk.action("view-keep", "help.view_keep", (n) => n && keep(Number(n)), { shown: "Shift 1 – 9", group: "map" });
  document.addEventListener("keydown", (event) => {
    // With Shift the digits are other characters, by the keyboard's layout: the key itself counts.
    const n = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
    if (!n || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || !desk.here() || desk.asking) return;
    if (event.target.matches("input, textarea, select") || !$("help").hidden) return;
    event.preventDefault();
    event.stopPropagation();
    desk.actions.get("view-keep").run(n);
  }, true);
})();
