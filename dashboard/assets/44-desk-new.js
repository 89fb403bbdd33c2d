// A new incident: what it is (searched by name or code), where (a click on the map), how urgent; look-alikes while it is written.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el, set } = gc;
  let draft = null; // {lon, lat, where, category}
  let listed = []; // what the category list shows now
  let at = -1; // the entry under the keyboard

  // --- categories ------------------------------------------------------------------------------------------------
  const codes = () => {
    const all = Object.keys(gc.categories).sort();
    const minors = all.filter((code) => code.length > 2);
    return minors.length ? minors : all;
  };
  /** Every word of the search is in the code, the name or its group's name, in either language; names that begin so come first. */
  function search(words) {
    const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    for (const code of codes()) {
      const own = gc.categories[code] ?? {};
      const group = gc.categories[code.slice(0, 2)] ?? {};
      const names = [own.zh, own.en, group.zh, group.en].map((name) => (name ?? "").toLowerCase());
      const hay = `${code}\n${names.join("\n")}`;
      if (!parts.every((part) => hay.includes(part))) continue;
      const first = parts[0] ?? "";
      found.push({ code, rank: !first ? 0 : code.startsWith(first) || names[0].startsWith(first) || names[1].startsWith(first) ? 0 : names[0].includes(first) || names[1].includes(first) ? 1 : 2 });
    }
    return found.sort((a, b) => a.rank - b.rank || (a.code < b.code ? -1 : 1)).map(({ code }) => code);
  }
  function options() {
    const host = $("new-category-list");
    const open = document.activeElement === $("new-category");
    host.hidden = !open;
    for (const [name, value] of [["role", "combobox"], ["aria-controls", "new-category-list"], ["aria-expanded", String(open)]]) $("new-category").setAttribute(name, value);
    if (!open) return;
    listed = search(draft?.category ? "" : $("new-category").value.trim());
    at = Math.min(at, listed.length - 1);
    const searched = !!$("new-category").value.trim() && !draft?.category;
    let group = "";
    const nodes = [];
    listed.forEach((code, i) => {
      const major = code.slice(0, 2);
      if (!searched && major !== group && code !== major) {
        group = major;
        nodes.push(el("li", { class: "combo-group", role: "presentation", text: gc.categoryName(major) }));
      }
      nodes.push(el("li", { class: "combo-option", role: "option", id: `category-${code}`, "data-code": code, "aria-selected": String(i === at) }, el("span", { text: gc.categoryName(code) }), el("small", { text: searched && code !== major ? gc.categoryName(major) : "" }), el("span", { class: "num", text: code })));
    });
    host.replaceChildren(...(nodes.length ? nodes : [el("li", { class: "empty", text: gc.t("desk.form.no_category") })]));
    $("new-category").setAttribute("aria-activedescendant", at >= 0 ? `category-${listed[at]}` : "");
    if (at >= 0) host.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }
  function take(code) {
    draft.category = code;
    desk.setInput($("new-category"), gc.categoryName(code));
    draft.category = code; // the input event above clears it
    $("new-category-list").hidden = true;
    $("new-category").setAttribute("aria-expanded", "false");
    alikeSoon();
  }

  // --- look-alikes -----------------------------------------------------------------------------------------------
  let timer = 0;
  let asked = null;
  const alikeSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(alike, 350);
  };
  async function alike() {
    const host = $("new-alike");
    asked?.abort();
    if (!draft?.category || draft.lon === null) return (host.hidden = true);
    asked = new AbortController();
    const query = new URLSearchParams({ category: draft.category, lon: draft.lon, lat: draft.lat, title: $("new-title").value.trim() });
    try {
      const found = await gc.api(`/incidents/duplicates?${query}`, undefined, asked.signal);
      const list = found.duplicates ?? [];
      host.hidden = !list.length;
      host.replaceChildren(el("p", { class: "field-name", text: gc.t("desk.alike.found") }), el("ul", {}, ...list.slice(0, 3).map((it) => {
        const other = typeof it.incident === "object" ? it.incident : { id: it.incident };
        return el("li", { class: "alike" }, el("button", { type: "button", class: "link alike-title", "data-action": `open-instead:${other.id}`, text: gc.title({ category: draft.category, ...(desk.queue.row(other.id) ?? {}), ...other }) }), el("span", { class: "alike-why", text: desk.both(it.why) }));
      })));
    } catch (error) {
      if (error.name !== "AbortError") host.hidden = true;
    }
  }
  gc.actions["open-instead"] = (id) => {
    show(false);
    gc.selectIncident(id);
  };

  // --- the form ------------------------------------------------------------------------------------------------
  /** Over the panel of the case in hand, where there is room beside the map: the map stays free to be clicked. */
  function beside() {
    const form = $("new-form");
    const box = $("panel-detail").getBoundingClientRect();
    const wide = box.left > $("map").getBoundingClientRect().left;
    Object.assign(form.style, wide ? { position: "fixed", left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, maxHeight: `${box.height}px` } : { position: "", left: "", top: "", width: "", maxHeight: "" });
  }
  window.addEventListener("resize", () => draft && beside());
  function show(on) {
    if (on && gc.boot.past) return desk.toast(gc.t("past.commands"), true);
    draft = on ? { lon: null, lat: null, where: "", category: "" } : null;
    $("new-form").hidden = !on;
    $("new-error").hidden = $("new-alike").hidden = $("new-category-list").hidden = true;
    document.documentElement.classList.toggle("is-placing", on);
    if (!on) return;
    beside();
    $("new-outside").hidden = true;
    desk.places.write("");
    for (const id of ["new-title", "new-address", "new-category", "new-contact"]) desk.setInput($(id), "");
    severity("3");
    words();
    $("new-title").focus();
  }
  const severity = (level) => {
    if (draft) draft.severity = Number(level);
    for (const button of document.querySelectorAll("#new-severity > button")) button.setAttribute("aria-pressed", String(button.dataset.value === String(level)));
  };
  gc.actions.severity = (level) => severity(level);
  function words() {
    if (!$("new-place")) return;
    $("new-category").placeholder = gc.t("desk.form.category.ph");
    desk.places.words();
    if (!draft) return;
    if (draft.category) {
      const { category } = draft;
      desk.setInput($("new-category"), gc.categoryName(category));
      draft.category = category;
    }
    set($("new-place"), draft.lon === null ? gc.t("desk.form.place") : gc.t("desk.form.placed", { lon: draft.lon.toFixed(5), lat: draft.lat.toFixed(5) }));
    $("new-place").classList.toggle("is-set", draft.lon !== null);
  }
  gc.actions["new-incident"] = () => show(true);
  gc.actions["cancel-incident"] = () => show(false);
  gc.actions["save-incident"] = (insist) => save(insist === "outside");
  async function save(insist) {
    const title = $("new-title").value.trim();
    const missing = [title ? "" : gc.t("desk.form.title"), draft.category ? "" : gc.t("desk.form.category"), draft.lon === null ? gc.t("desk.form.place.word") : ""].filter(Boolean);
    const refuse = (text) => {
      $("new-error").hidden = !text;
      set($("new-error"), text);
      // A place outside the district is a slip, or the matter of a neighbour: the officer says which.
      $("new-outside").hidden = !text || desk.refused?.reason !== "outside";
    };
    desk.refused = null;
    refuse(missing.length ? gc.t("desk.form.missing", { what: gc.listed(missing) }) : "");
    if (missing.length) return;
    const contact = $("new-contact").value.trim();
    const answer = await desk.command("new", "/incidents", { title, category: draft.category, severity: draft.severity, address: $("new-address").value.trim(), ...(contact ? { contact } : {}), ...(insist ? { outside: true } : {}), lon: draft.lon, lat: draft.lat }, gc.t("desk.opened"));
    if (!answer) return refuse(desk.refused?.text ?? "");
    show(false);
    gc.selectIncident(answer.incident.id);
    desk.narrowing.filed(answer.incident);
  }

  desk.draft = {
    wantsPlace: () => draft,
    /** The form with what is known already; the place is then chosen on the map. */
    fill: ({ title, category, severity: level }) => {
      show(true);
      desk.setInput($("new-title"), title);
      take(category);
      severity(level);
    },
    /** `where`: how the place is called; null leaves the field as it is being written. */
    place: (lon, lat, where = `${lon.toFixed(5)}, ${lat.toFixed(5)}`) => {
      Object.assign(draft, { lon, lat, where: where ?? "" });
      if (where !== null) desk.places.write(where);
      $("new-outside").hidden = true;
      words();
      alikeSoon();
    },
    words,
    cancel: () => {
      if (!draft) return false;
      if (document.activeElement === $("new-category") && !$("new-category-list").hidden) {
        $("new-category-list").hidden = true;
        return true;
      }
      if (desk.places.isOpen()) {
        desk.places.hide();
        return true;
      }
      show(false);
      return true;
    },
    begin: () => {
      const input = $("new-category");
      input.addEventListener("focus", () => { input.select(); options(); });
      input.addEventListener("blur", () => setTimeout(() => { $("new-category-list").hidden = true; }, 150));
      input.addEventListener("input", () => {
        if (draft) draft.category = "";
        at = input.value.trim() ? 0 : -1;
        options();
      });
      input.addEventListener("keydown", (event) => {
        if (event.isComposing) return;
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (by) {
          event.preventDefault();
          if ($("new-category-list").hidden) options();
          at = Math.max(0, Math.min(listed.length - 1, at + by));
          options();
        } else if (event.key === "Enter" && listed[at]) {
          event.preventDefault();
          take(listed[at]);
        }
      });
      // Before the field loses the focus, or the list would be gone under the pointer.
      $("new-category-list").addEventListener("pointerdown", (event) => {
        event.preventDefault();
        const option = event.target.closest("[data-code]");
        if (option) take(option.dataset.code);
      });
      $("new-title").addEventListener("input", alikeSoon);
      desk.places.begin();
    },
  };
  desk.action("new", "help.n", () => show(true), { shortcut: "n" });
})();
