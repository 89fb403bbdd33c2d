// The window that a screen looks back over: what it is called, and the small form that takes two local times.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { el, set } = gc;
  const name = () => gc.address.view.window;
  const kind = () => (name().includes("/") ? "chosen" : name() === "today" ? "today" : "");

  // --- words: trailing windows have one pattern, the calendar's their own words ------------------------------------
  const said = (key) => (kind() ? gc.t(`${key}.${kind()}`) : gc.t(key, { window: gc.t(`window.${name()}`) }));
  const YEAR = 5; // characters: the year is left out where it is this one
  const short = (local) => (local.startsWith(gc.minute(gc.now()).slice(0, YEAR)) ? local.slice(YEAR) : local).replace("T", " ");
  gc.windowWords = {
    now: () => said("window.now"),
    within: () => said("window.within"),
    before: () => said("window.before"),
  };

  // --- the window before, set beside this one ----------------------------------------------------------------------
  gc.actions.compare = () => gc.navigate({ compare: gc.address.view.compare ? "" : 1 });
  /** A difference with its sign: +12, −3, ±0. */
  gc.signed = (n) => `${n > 0 ? "+" : n < 0 ? "−" : "±"}${gc.num(Math.abs(n))}`;

  // --- the form ----------------------------------------------------------------------------------------------------
  const form = () => $("window-form");
  function close(back) {
    if (!form()) return false;
    form().remove();
    $("window-chosen").setAttribute("aria-expanded", "false");
    if (back) $("window-chosen").focus();
    return true;
  }
  const field = (key, value) =>
    el("label", { class: "field" }, el("span", { class: "field-name", text: gc.t(`window.form.${key}`) }),
      el("input", { id: `window-${key}`, class: "input num", maxlength: 24, autocomplete: "off", placeholder: gc.replays.EXAMPLE, value }));
  /** A field's local time to the minute, null when it holds none. */
  function written(key) {
    const ms = gc.replays.fromLocal($(`window-${key}`).value);
    return ms === null ? null : gc.replays.toLocal(ms).slice(0, 16);
  }
  function apply(event) {
    event.preventDefault();
    const [from, to] = [written("from"), written("to")];
    if (from && to && from < to && Date.parse(`${to}Z`) - Date.parse(`${from}Z`) <= 366 * 86.4e6) {
      gc.navigate({ window: `${from}/${to}` });
      close(true);
    } else set($("window-refused"), gc.t("window.form.wrong"));
  }
  /** An Escape written in the form is the form's, whatever else of the page would take one. */
  function leave(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    close(true);
  }
  function open(button) {
    const chosen = kind() === "chosen" ? name().split("/") : [gc.now() - 86.4e6, gc.now()].map((t) => gc.replays.toLocal(t).slice(0, 16));
    const [from, to] = chosen.map((local) => local.replace("T", " "));
    const made = el("form", { id: "window-form", class: "window-form", role: "dialog", "aria-label": gc.t("window.form"), onsubmit: apply, onkeydown: leave },
      field("from", from), field("to", to),
      el("p", { id: "window-refused", class: "refusal", role: "alert" }),
      el("button", { class: "primary", type: "submit", text: gc.t("window.form.go") }));
    const bar = button.closest(".filters");
    bar.append(made);
    // Below all rows of the bar: what it lay upon could be neither read nor pressed.
    const parts = [...bar.children].filter((part) => part !== made && part.offsetParent === button.offsetParent);
    made.style.top = `${Math.max(...[button, ...parts].map((part) => part.offsetTop + part.offsetHeight)) + 6}px`;
    made.style.left = `${button.offsetLeft}px`;
    button.setAttribute("aria-expanded", "true");
    $("window-from").select();
  }
  gc.actions["window-chosen"] = (_, button) => close(true) || open(button);
  gc.onEscape.unshift(() => close(true));
  gc.closeWindow = close;
  /** The button of the form says the period that was chosen. */
  gc.windowControls = () => {
    for (const name of ["compare", "days"]) $(`${name}-button`)?.setAttribute("aria-pressed", String(gc.address.view[name]));
    document.querySelector(".map-host")?.toggleAttribute("data-days", gc.address.view.days);
    const button = $("window-chosen");
    if (!button) return;
    const on = kind() === "chosen";
    button.setAttribute("aria-pressed", String(on));
    set(button, on ? name().split("/").map(short).join(" – ") : gc.t("window.chosen"));
  };
  document.addEventListener("pointerdown", (event) => form() && !event.target.closest?.("#window-form, #window-chosen") && close(false));
})();
