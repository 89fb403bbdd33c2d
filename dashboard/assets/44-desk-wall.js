// The desk and the walls: push the scene of the case in hand to a wall, see where it is shown, take it off again.
(() => {
  "use strict";
  const gc = window.gc;
  const { desk, el } = gc;
  const ASK_MS = 10_000;
  let walls = [];
  let asked = -Infinity;

  const named = (wall) => (wall === "" ? gc.t("wall.every") : wall === "wall" ? gc.t("nav.wall") : wall);
  /** Walls that somebody looks at, by their seats' names; asked for at most every ten seconds. */
  async function ask() {
    if (gc.boot.past || performance.now() - asked < ASK_MS) return;
    asked = performance.now();
    const found = await gc.api("/scenes").catch(() => null);
    const names = (found?.walls ?? []).filter((it) => it.there && it.wall).map((it) => it.wall);
    if (!found || String(names) === String(walls)) return;
    walls = names;
    desk.case.draw();
  }
  /** Names of the walls that were pushed to and show this case, as the last panel says. */
  const showing = (id) => Object.entries(gc.panel?.scenes ?? {}).filter(([, scene]) => scene?.incident === id && scene.why === "pushed").map(([wall]) => wall);
  const listed = (names) => gc.listed(names.map(named));

  const tell = (where, off, incident, wall) => desk.command(where, off ? "/scenes/leave" : "/scenes", { incident, wall }, gc.t(off ? "wall.taken" : "wall.pushed", { wall: named(wall) }));
  /** Take a case off one wall, or off all that show it. */
  async function off(where, incident, wall) {
    let done = null;
    for (const each of wall === undefined ? [...showing(incident).filter(Boolean), ""] : [wall]) {
      done = await tell(where, true, incident, each);
      if (!done) return null;
    }
    return done;
  }
  let chosen = "";
  gc.actions["wall-push"] = () => tell("wall", false, desk.chosen, chosen);
  gc.actions["wall-off"] = () => off("wall", desk.chosen);

  desk.wall = {
    tell, off, named, showing,
    items: () => (void ask(), ["", ...walls]).map((wall) => ({ id: wall || "all", names: [...new Set([named(wall), ...(wall ? [wall] : [gc.boot.text.zh["wall.every"], gc.boot.text.en["wall.every"]])])], note: () => "" })),
    /** The line under the head of the case: where it is shown, or the push. */
    line: (life) => {
      void ask();
      const now = showing(life.incident.id);
      if (life.incident.state === "closed" && !now.length) return null;
      if (!walls.includes(chosen)) chosen = "";
      const which = el("select", { class: "select", id: "wall-which", "aria-label": gc.t("wall.which"), onchange: (event) => (chosen = event.target.value) }, ...["", ...walls].map((wall) => el("option", { value: wall, selected: wall === chosen, text: named(wall) })));
      return el("div", { class: "wall-line" }, desk.refusal("wall"),
        now.length ? el("span", { class: "wall-now", text: gc.t("wall.now", { walls: listed(now) }) }) : walls.length > 1 ? which : null,
        now.length ? desk.button("wall-off", gc.t("wall.off")) : desk.button("wall-push", gc.t("wall.push")));
    },
    seen: (id) => String(showing(id)) + String(walls),
  };
})();
