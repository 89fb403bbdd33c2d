// The desk: who acts, what is in hand, the actions by key and by name, and how a command is given.
// The rooms of the desk (41 to 44) hang themselves onto `gc.desk`; what they show arrives by the stream, never by a timer.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const desk = (gc.desk = {
    chosen: "", // id of the incident in hand
    life: null, // what GET /incidents/{id} said of it
    refused: null, // {where, text}: the last refusal, shown where its button is
    busy: "", // what is being done just now
    begun: false,
  });
  desk.here = () => gc.address?.page === "/desk" && $("incident-grid");

  // --- who acts ------------------------------------------------------------------------------------------------
  const KEPT = { actor: "gridcommand.desk", role: "gridcommand.role", owner: "gridcommand.owner" };
  const kept = (name) => localStorage.getItem(KEPT[name]) ?? "";
  /** Name, role and, for who works for one, the owner: carried by every command. */
  desk.me = () => ({ actor: ($("actor")?.value ?? "").trim(), role: $("role")?.value || "dispatcher", owner: $("my-owner")?.value ?? "" });
  /** Put a value into an input that React owns. */
  desk.setInput = (input, value) => {
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), "value").set.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  function identity() {
    const params = new URLSearchParams(location.search);
    desk.setInput($("actor"), params.get("desk") || kept("actor") || `${gc.t("desk.actor")} 1`);
    $("role").value = params.get("role") || kept("role") || "dispatcher";
    $("actor").addEventListener("change", () => localStorage.setItem(KEPT.actor, desk.me().actor));
    for (const [id, name] of [["role", "role"], ["my-owner", "owner"]])
      $(id).addEventListener("change", () => {
        localStorage.setItem(KEPT[name], $(id).value);
        desk.showIdentity();
      });
  }
  desk.showIdentity = () => {
    if (!$("role")) return;
    const { role } = desk.me();
    const select = $("my-owner");
    select.hidden = role !== "owner" && role !== "worker";
    const wanted = select.value || kept("owner");
    const known = desk.names.owners();
    if (wanted && !known.includes(wanted)) known.unshift(wanted);
    const none = gc.el("option", { value: "", text: gc.t("desk.owner.choose") });
    select.replaceChildren(none, ...known.map((id) => gc.el("option", { value: id, text: desk.names.owner(id) })));
    select.value = wanted;
    desk.queue.recount();
    desk.case.draw();
  };

  // --- actions: by key, by name, by whatever comes later --------------------------------------------------------
  /** id -> {id, zh, en, shortcut, run(argument), when(), group?, shown?}: everything the desk can be told to do; the help lists it by group, with `shown` or else its shortcut as its keys. */
  desk.actions = new Map();
  desk.action = (id, words, run, { shortcut = "", when = () => true, ...more } = {}) =>
    desk.actions.set(id, { id, zh: gc.boot.text.zh[words] ?? id, en: gc.boot.text.en[words] ?? id, shortcut, run, when, ...more });
  document.addEventListener("keydown", (event) => {
    if (!desk.here() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.matches("input, textarea, select")) return;
    // Who came to the map by key moves it by key; after a click on it the arrows are the queue's.
    if (event.target.matches("#map :focus-visible") && /^(Arrow|Enter$)/.test(event.key)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!$("help").hidden && key !== "?") return;
    const action = [...desk.actions.values()].find((it) => it.shortcut && it.shortcut.split(" ").includes(key) && it.when(key));
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action.run(key);
  }, true);

  // --- commands ------------------------------------------------------------------------------------------------
  const key = () => Math.random().toString(36).slice(2) + Date.now().toString(36);
  const again = gridcommandAgain(key, () => performance.now());
  desk.toast = (words, refused = false) => {
    const node = gc.el("div", { class: refused ? "toast is-refused" : "toast" }, refused ? gc.el("b", { text: gc.t("desk.refused") }) : null, words);
    $("toasts").append(node);
    setTimeout(() => node.remove(), refused ? 9000 : 4000);
  };
  desk.path = (id = desk.chosen) => `/incidents/${encodeURIComponent(id)}`;
  /**
   * Give a command about the incident in hand. `where` names the part of the panel that shows a refusal; a command that
   * found the incident changed by somebody else says who, and the panel is read anew. Returns the answer or null.
   */
  desk.command = async (where, path, body, done) => {
    if (desk.busy) return null;
    const refuse = (text, reason = "") => {
      desk.refused = { where, text, reason };
      if (where === "toast") desk.toast(text, true);
      else desk.case.draw();
      return null;
    };
    if (gc.boot.past) return refuse(gc.t("past.commands"));
    const { actor, role } = desk.me();
    if (!actor) {
      $("actor").focus();
      return refuse(gc.t("desk.actor.missing"));
    }
    desk.busy = `${where} ${path} ${JSON.stringify(body)}`;
    desk.refused = null;
    desk.case.draw();
    const sent = again.body(path, { ...body, actor, ...(role === "dispatcher" ? {} : { role }) });
    try {
      const answer = await gc.api(path, sent);
      again.answered(path, sent, 200);
      desk.busy = "";
      desk.toast(done);
      if (path.startsWith("/incidents")) desk.queue.acted(decodeURIComponent(path.split("/")[2] ?? "") || answer.incident?.id);
      desk.case.reload();
      return answer;
    } catch (error) {
      again.answered(path, sent, error.status);
      desk.busy = "";
      const seen = desk.life?.incident.seq;
      await desk.case.reload();
      const now = desk.life?.incident;
      // A conflict names who was faster; other refusals may speak of the matter alone.
      const named = error.reason === "version_conflict" || error.message.includes(now?.last_actor);
      const changed = error.status === 409 && now && now.seq !== seen && now.last_actor && !named;
      return refuse(changed ? `${error.message} ${gc.t("desk.changed_by", { actor: desk.names.actor(now.last_actor) })}` : error.message, error.reason);
    }
  };

  // --- the incident in hand ------------------------------------------------------------------------------------
  gc.selectIncident = (id) => {
    if (!desk.here()) return gc.showIncident(id);
    window.history.replaceState(window.history.state, "", `${location.pathname}${gc.searchWith({ incident: id })}`);
    if (id !== desk.chosen) desk.choose(id);
  };
  desk.choose = (id, fly = true) => {
    desk.chosen = id;
    desk.life = desk.refused = null;
    desk.queue.select(id);
    desk.narrowing.left(id);
    return desk.case.open(id, fly);
  };
  desk.leave = () => {
    window.history.replaceState(window.history.state, "", `${location.pathname}${gc.searchWith({ incident: "" })}`);
    desk.choose("");
    desk.map.home();
  };

  // --- coming and going ----------------------------------------------------------------------------------------
  const ROOMS = ["names", "narrowing", "queue", "case", "extension", "moves", "dispatch", "timeline", "map", "wall", "draft", "places", "units"];
  function begin() {
    if (desk.begun) return;
    desk.begun = true;
    desk.names.begin();
    identity();
    desk.queue.begin();
    desk.draft.begin();
    if (gc.boot.past) {
      const fresh = document.querySelector('[data-action="new-incident"]');
      fresh.disabled = true;
      fresh.title = gc.t("past.commands");
      for (const id of ["actor", "role", "my-owner"]) $(id).disabled = true;
    }
    const asked = new URLSearchParams(location.search).get("incident");
    if (asked) desk.choose(asked);
  }
  gc.onAddress = () => {
    if (gc.address.page !== "/desk") return;
    if (!desk.here() || !window.gridcommandTable || !ROOMS.every((room) => desk[room])) {
      setTimeout(gc.onAddress, 50); // the table's script, or one of the desk's, is still loading
      return;
    }
    begin();
    desk.words();
  };
  /** The language, or names, changed. */
  desk.words = () => {
    if (!desk.begun) return;
    if ($("actor")) $("actor").setAttribute("aria-label", gc.t("desk.actor.ph"));
    desk.showIdentity();
    desk.queue.words();
    desk.draft.words();
    desk.case.draw();
    desk.units.draw();
  };
  gc.onPanel = (panel) => {
    if (!desk.here() || !desk.begun) return;
    desk.units.follow(panel);
    desk.case.follow(panel);
  };

  gc.actions.help = () => ($("help").hidden = !$("help").hidden);
  desk.action("help", "help.help", () => gc.actions.help(), { shortcut: "?" });
  gc.onEscape.unshift(() => {
    if (!desk.here()) return false;
    if (!$("help").hidden) return ($("help").hidden = true);
    if (desk.draft.cancel() || desk.case.cancel()) return true;
    const active = document.activeElement;
    if (active?.matches("input, textarea, select")) {
      if (active.id === "list-filter") desk.setInput(active, "");
      active.blur();
      return true;
    }
    if (gc.closeCard()) return true;
    if (!desk.chosen) return false;
    desk.leave();
    return true;
  });
})();
