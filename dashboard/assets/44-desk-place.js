// Where a new incident is, by key: longitude and latitude, an area by name or code, or the centre of the map.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  const { desk } = gc;
  const { el } = gc;
  const MOST = 12;
  const NUMBERS = /^\s*@?(-?\d{1,3}(?:\.\d+)?)\s*(?:[,，]\s*|\s+)(-?\d{1,3}(?:\.\d+)?)\s*$/;
  const CENTRE = "·centre";
  let listed = []; // what the list shows now: {id, label, note, lon, lat}
  let at = -1;
  let own = false; // the field is written by the desk, not by a hand

  /** `lon,lat`; also the other way round where only that can be meant. Null for anything else. */
  function numbers(words) {
    const found = NUMBERS.exec(words);
    if (!found) return null;
    const [a, b] = [Number(found[1]), Number(found[2])];
    if (Math.abs(a) <= 180 && Math.abs(b) <= 90) return { lon: a, lat: b };
    return Math.abs(b) <= 180 && Math.abs(a) <= 90 ? { lon: b, lat: a } : null;
  }
  /** Areas whose name or code has every word; those that begin with it first, then the larger ones. A grid's own point is inside it. */
  function areas(words) {
    const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
    if (!parts.length) return [];
    const found = [];
    for (const it of desk.names.known("places").values()) {
      if (it.lon === undefined || it.lat === undefined) continue;
      const names = [it.code, it.name, it.name_en].map((name) => String(name ?? "").toLowerCase());
      if (!parts.every((part) => names.some((name) => name.includes(part)))) continue;
      const whole = parts.join(" ");
      found.push({ it, rank: names.includes(whole) ? 0 : names.some((name) => name.startsWith(whole)) ? 1 : 2 });
    }
    found.sort((a, b) => a.rank - b.rank || a.it.code.length - b.it.code.length || (a.it.code < b.it.code ? -1 : 1));
    return found.slice(0, MOST).map(({ it }) => ({ id: it.code, label: gc.name(it), note: it.code, lon: it.lon, lat: it.lat }));
  }
  function offers(words) {
    if (numbers(words)) return [];
    const centre = desk.view.now();
    const name = gc.t("desk.form.where.centre");
    const asked = [name, gc.boot.text.zh["desk.form.where.centre"], gc.boot.text.en["desk.form.where.centre"]].some((it) => it.toLowerCase().includes(words.trim().toLowerCase()));
    return [...(centre && asked ? [{ id: CENTRE, label: name, note: `${centre.lon.toFixed(5)}, ${centre.lat.toFixed(5)}`, lon: centre.lon, lat: centre.lat }] : []), ...areas(words)];
  }

  function draw() {
    const host = $("new-where-list");
    const words = $("new-where").value.trim();
    listed = offers(words);
    at = Math.min(at, listed.length - 1);
    host.hidden = document.activeElement !== $("new-where") || !!numbers(words) || (!listed.length && !words);
    $("new-where").setAttribute("aria-expanded", String(!host.hidden));
    host.replaceChildren(...(listed.length ? listed.map((it, i) => el("li", { class: "combo-option", role: "option", id: `where-${i}`, "data-at": i, "aria-selected": String(i === at) }, el("span", { text: it.label }), el("small"), el("span", { class: "num", text: it.note }))) : [el("li", { class: "empty", text: gc.t("desk.form.where.none") })]));
    $("new-where").setAttribute("aria-activedescendant", at >= 0 ? `where-${at}` : "");
    if (at >= 0) host.children[at].scrollIntoView({ block: "nearest" });
  }
  const hide = () => {
    if (!$("new-where-list")) return;
    $("new-where-list").hidden = true;
    $("new-where").setAttribute("aria-expanded", "false");
  };
  function take(it) {
    desk.draft.place(it.lon, it.lat, it.label);
    desk.map.fly(it.lon, it.lat);
    hide();
  }

  desk.places = {
    numbers, hide,
    /** Show in the field what was chosen elsewhere. */
    write: (words) => {
      own = true;
      desk.setInput($("new-where"), words);
      own = false;
    },
    words: () => {
      if ($("new-where")) $("new-where").placeholder = gc.t("desk.form.where.ph");
    },
    isOpen: () => !!$("new-where-list") && !$("new-where-list").hidden,
    begin: () => {
      const input = $("new-where");
      for (const [name, value] of [["role", "combobox"], ["aria-controls", "new-where-list"], ["aria-autocomplete", "list"], ["aria-expanded", "false"]]) input.setAttribute(name, value);
      input.addEventListener("focus", () => { input.select(); at = -1; draw(); });
      input.addEventListener("blur", () => setTimeout(hide, 150));
      input.addEventListener("input", () => {
        if (own) return;
        const point = numbers(input.value);
        desk.draft.place(point?.lon ?? null, point?.lat ?? null, null);
        at = input.value.trim() ? 0 : -1;
        draw();
      });
      input.addEventListener("keydown", (event) => {
        if (event.isComposing) return;
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (by) {
          event.preventDefault();
          at = Math.max(0, at + by);
          draw();
        } else if (event.key === "Enter") {
          event.preventDefault();
          const point = numbers(input.value);
          if (point) desk.map.fly(point.lon, point.lat);
          else if (desk.places.isOpen() && listed[at]) take(listed[at]);
        } else if (event.key === "Tab" && desk.places.isOpen() && at >= 0 && listed[at]) take(listed[at]);
      });
      // Before the field loses the focus, or the list would be gone under the pointer.
      $("new-where-list").addEventListener("pointerdown", (event) => {
        event.preventDefault();
        const option = event.target.closest("[data-at]");
        if (option) take(listed[Number(option.dataset.at)]);
      });
    },
  };
})();
