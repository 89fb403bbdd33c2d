// The card of a thing that was clicked on the map or in the ticker.
(() => {
  "use strict";
  const gc = window.gc;
  const $ = (id) => document.getElementById(id);
  let asked = null;

  gc.closeCard = () => {
    asked?.abort();
    const card = $("card");
    if (!card || card.hidden) return false;
    card.hidden = true;
    return true;
  };
  gc.onEscape.push(() => gc.closeCard());
  gc.actions["close-card"] = () => gc.closeCard();

  const fact = (key, value) => gc.el("div", { class: "fact" }, gc.el("dt", { text: gc.t(key) }), gc.el("dd", {}, value));
  gc.fact = fact;
  const open = (...nodes) => {
    $("card-body").replaceChildren(...nodes);
    $("card").hidden = false;
  };

  async function incident(id) {
    asked?.abort();
    asked = new AbortController();
    try {
      const data = await gc.api(`/incidents/${encodeURIComponent(id)}`, undefined, asked.signal);
      const it = data.incident ?? data;
      const params = new URLSearchParams(location.search);
      params.set("incident", id);
      open(
        gc.el("div", { class: "card-signs" }, gc.severity(it.severity), gc.state(it.state)),
        gc.el("h3", { text: gc.title(it) }),
        gc.el("dl", { class: "facts" },
          fact("fact.id", it.id),
          fact("fact.opened", `${gc.moment(gc.ms(it.opened_at))} · ${gc.age(gc.since(it.opened_at))}`),
          fact("fact.address", it.address || "—")),
        gc.el("div", { class: "card-ways" },
          gc.el("a", { class: "primary", href: `/desk?${params}`, text: gc.t("card.desk") }),
          gc.el("button", { type: "button", class: "secondary", "data-action": `replay-life:${id}`, text: gc.t("replay.life") })),
      );
    } catch (error) {
      if (error.name !== "AbortError") open(gc.el("p", { class: "detail", text: error.message }));
    }
  }
  gc.showIncident = incident;
  gc.actions.incident = (id) => (gc.selectIncident ? gc.selectIncident(id) : incident(id));

  async function unit(id) {
    const { units } = await gc.api("/units");
    const it = units.find((row) => row.id === id);
    if (it)
      open(gc.el("h3", { text: gc.name(it) }), gc.el("dl", { class: "facts" },
        fact("desk.units", gc.word("kind", it.kind)), fact("fact.status", gc.word("status", it.status))),
        gc.el("button", { type: "button", class: "secondary small card-follow", "data-action": `follow-unit:${id}`, text: gc.t("replay.follow") }));
  }
  async function camera(id, lon, lat) {
    const { sites } = await gc.api(`/sites?kind=camera&near=${lon},${lat}&limit=5`);
    const it = sites.find((row) => row.id === id) ?? sites[0];
    if (it)
      open(gc.el("h3", { text: gc.name(it) }), gc.el("dl", { class: "facts" },
        fact("panel.sites", gc.t(it.online ? "camera.online" : "camera.offline")), fact("fact.id", it.id)));
  }

  /** A click on the map: things show their card; places drill down (that part is answered by the server). */
  gc.onMapClick = (click) => {
    const failed = (error) => open(gc.el("p", { class: "detail", text: error.message }));
    if (click.kind === "incident") gc.actions.incident(click.id);
    else if (click.kind === "unit") unit(click.id).catch(failed);
    else if (click.kind === "camera") camera(click.id, click.lon, click.lat).catch(failed);
    else if (gc.address?.focus.finest && click.kind === "cell")
      open(gc.el("h3", { text: gc.t("card.cell") }), gc.el("dl", { class: "facts" }, fact("card.count", gc.num(Math.round(click.n ?? 0)))));
  };
})();
