// Follow a unit: the map's middle stays with it. And from an incident to the replay of its life.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { replays: replay } = gc;
  let n = 0;
  let camera = null; // what the map told last
  let stop = null;
  let followed = "";
  const asked = () => new URLSearchParams(location.search).get("follow") ?? "";

  window.addEventListener("gridcommand", ({ detail }) => {
    if (detail.id === "map" && detail.viewportInfo) camera = detail.viewportInfo;
  });
  function moved(unit) {
    const { zoom, pitch, bearing } = camera ?? { zoom: 14, pitch: 45, bearing: 0 };
    if (!gc.address || !Number.isFinite(unit.lon)) return;
    const { code, level } = gc.address.focus;
    window.dash_clientside.set_props("map", { focus: { code, level, camera: { lon: unit.lon, lat: unit.lat, zoom: Math.max(zoom, 13), pitch, bearing }, still: true, n: ++n } });
  }
  /** Says on the map whom it follows, and lets go when pressed. */
  function chip() {
    const host = document.querySelector(".map-host");
    let node = $("follow-chip");
    if (!followed) return node?.remove();
    if (node?.parentElement !== host) {
      node?.remove();
      host?.append((node = gc.el("button", { type: "button", id: "follow-chip", class: "follow-chip", "data-action": "unfollow" })));
    }
    gc.set(node, `${gc.t("replay.following", { unit: gc.desk?.unitName?.(followed) ?? followed })}  ✕`);
    if (node) node.title = gc.t("replay.follow.stop");
  }
  function follow() {
    const id = asked();
    if (id === followed) return chip();
    stop?.();
    stop = null;
    followed = id;
    chip();
    if (id) stop = window.gridcommand?.followUnit?.("stream", id, moved) ?? null;
  }
  gc.actions.unfollow = () => gc.navigate({ follow: "" });
  gc.actions["follow-unit"] = (id) => gc.navigate({ follow: id });
  gc.actions["replay-life"] = (id) => replay.begin({ incident: id }).catch((error) => {
    const say = gc.desk?.toast ?? replay.say;
    if (say) say(error.message, true);
    else $("card-body")?.append(gc.el("p", { class: "refusal", role: "alert", text: error.message }));
  });

  const usual = gc.onAddress;
  gc.onAddress = (...args) => {
    usual?.(...args);
    follow();
  };
  gc.desk?.action?.("replay-life", "help.replay_life", () => gc.desk.chosen && gc.actions["replay-life"](gc.desk.chosen), { shortcut: "r", group: "case", when: () => !!gc.desk.chosen });
})();
