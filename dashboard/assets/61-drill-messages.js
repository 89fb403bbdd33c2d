// Messages to the players of a drill: on the desk the oldest that nobody acknowledged stands above everything until somebody does;
// all of them are in a list. The first acknowledgement counts, whoever gave it.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set, keyed } = gc;
  const { exercise } = gc;
  if (!exercise || exercise.kind !== "drill" || gc.replay) return;
  let messages = [];
  let busy = "";
  let refused = "";
  const here = () => location.pathname === "/desk";
  const running = () => ["running", "paused"].includes(exercise.state?.phase);
  const words = (message) => gc.name({ name: message.zh, name_en: message.en });
  const first = () => messages.find((message) => !message.acknowledged_at);

  async function acknowledge(inject) {
    const id = inject || first()?.inject;
    if (!id || busy) return;
    const { actor } = gc.desk.me();
    if (!actor) {
      $("actor")?.focus();
      refused = gc.t("desk.actor.missing");
      return draw();
    }
    busy = id;
    refused = "";
    draw();
    try {
      exercise.take(await gc.api(exercise.path("/acknowledge"), { inject: id, actor }));
    } catch (error) {
      refused = error.message;
    }
    busy = "";
    await exercise.look();
    draw();
  }
  gc.actions["exercise-acknowledge"] = (inject) => acknowledge(inject);
  gc.actions["exercise-messages"] = () => {
    if ($("exercise-list")) return $("exercise-list").remove();
    document.body.append(el("aside", { id: "exercise-list", class: "exercise-list panel", "aria-label": gc.t("drill.messages") },
      el("header", { class: "panel-head" }, el("h2", { class: "panel-title", text: gc.t("drill.messages") }), el("button", { type: "button", class: "link", "data-action": "exercise-messages", text: gc.t("card.close") })),
      el("ol", { class: "exercise-rows" })));
    list();
    $("exercise-list").querySelector("button").focus({ preventScroll: true });
  };
  gc.onEscape.unshift(() => !!$("exercise-list") && ($("exercise-list").remove(), true));

  const button = (id, shown) => el("button", { type: "button", class: "primary", "data-action": `exercise-acknowledge:${id}`, title: "K", disabled: !!busy || !running(), text: gc.t(busy === id ? "drill.message.sending" : shown) });
  let band = "";
  function notice() {
    const host = $("exercise-message");
    const message = here() ? first() : null;
    document.documentElement.classList.toggle("has-message", !!message);
    host.hidden = !message;
    const left = messages.filter((each) => !each.acknowledged_at).length;
    const key = message ? `${message.inject} ${left} ${busy} ${refused} ${gc.lang} ${running()}` : "";
    if (key === band) return;
    band = key;
    if (!message) return host.replaceChildren();
    host.replaceChildren(...[
      el("span", { class: "exercise-message-sign" }, el("b", { text: gc.t("drill.message") }), el("time", { class: "num", text: gc.clock(gc.ms(message.at), false) })),
      el("p", { class: "exercise-message-text", title: words(message), text: words(message) }),
      refused ? el("p", { class: "exercise-message-refused", text: refused }) : null,
      el("span", { class: "exercise-message-count num", text: left > 1 ? gc.t("drill.message.more", { n: left - 1 }) : "" }),
      button(message.inject, "drill.message.take"),
    ].filter(Boolean));
  }
  function list() {
    const host = $("exercise-list")?.querySelector("ol");
    if (!host) return;
    if (!messages.length) return gc.empty(host, "drill.messages.none");
    keyed(host, [...messages].reverse(), (message) => message.inject,
      () => el("li", { class: "exercise-item" }, el("time", { class: "num" }), el("p"), el("span", { class: "exercise-item-end" })),
      (node, message) => {
        const [time, text, end] = node.children;
        set(time, gc.clock(gc.ms(message.at), false));
        set(text, words(message));
        const key = `${message.acknowledged_at} ${gc.lang} ${busy} ${running()}`;
        node.classList.toggle("is-open", !message.acknowledged_at);
        if (node.dataset.drawn === key) return;
        node.dataset.drawn = key;
        end.replaceChildren(message.acknowledged_at
          ? el("span", { class: "exercise-item-done", text: gc.t("drill.message.taken", { by: message.acknowledged_by, at: gc.clock(gc.ms(message.acknowledged_at), false) }) })
          : button(message.inject, "drill.message.take"));
      });
  }
  function draw() {
    exercise.unread = here() ? messages.filter((each) => !each.acknowledged_at).length : 0;
    const open = $("exercise-messages-open");
    if (open) {
      open.hidden = !here();
      set(open, exercise.unread ? gc.t("drill.messages.unread", { n: exercise.unread }) : gc.t("drill.messages.n", { n: messages.length }));
      open.classList.toggle("is-open", !!exercise.unread);
    }
    notice();
    list();
    exercise.draw();
  }
  exercise.listeners.push((state) => {
    messages = [...(state.messages ?? [])].sort((a, b) => gc.ms(a.at) - gc.ms(b.at));
    draw();
  });
  gc.desk?.action?.("acknowledge", "help.acknowledge", () => acknowledge(), { shortcut: "k", group: "case", when: () => !!first() });
})();
