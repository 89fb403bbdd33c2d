// The district's decision on a case as a rule: what it would take, how many matters it would have moved, and the button
// that adopts it, which is the district's. Shown where the district decided after a third return; matters that are filed from then on follow it.
(() => {
  "use strict";
  const gc = window.gc;
  const { desk } = gc;
  const { el } = gc;
  const BINDING = 3; // returns after which the district decides
  let asked = ""; // the case and owner that `found` is about
  let found = null; // {proposal, adopted}, or {error}

  const decided = (life) => (life.case?.returns?.length ?? 0) >= BINDING && life.case.owner && !["district", "triage"].includes(life.case.owner);

  async function read(incident, owner) {
    const query = new URLSearchParams({ incident, owner });
    const answer = await Promise.all([gc.api(`/rules/proposal?${query}`), gc.api("/rules")]).then(
      ([proposal, { rules }]) => ({ proposal, adopted: rules.find((it) => it.adopted && it.enabled && it.incident === incident && it.owner === owner) }),
      (error) => ({ error: error.message }),
    );
    if (asked !== `${incident} ${owner}`) return;
    found = answer;
    desk.case.draw();
  }
  const place = (prefix) => {
    const places = desk.names.known("places");
    return prefix ? desk.names.area([prefix, prefix.padEnd(12, "0")].find((code) => places.has(code)) ?? prefix) : gc.t("ruling.everywhere");
  };
  /** The section of the panel, or null where nothing was decided. */
  function part(life) {
    if (!decided(life)) return null;
    const { id } = life.incident;
    const key = `${id} ${life.case.owner}`;
    if (asked !== key) {
      asked = key;
      found = null;
      void read(id, life.case.owner);
    }
    const body = [];
    if (found?.error) body.push(el("p", { class: "refusal", text: found.error }));
    else if (found) {
      const { category, area, owner, taken, changed, days } = found.proposal;
      body.push(el("p", { class: "ruling-rule" }, `${desk.names.category(category)} · ${place(area)} → `, el("b", { text: desk.names.owner(owner) })));
      if (found.adopted) body.push(el("p", { class: "ruling-told", text: gc.t("ruling.adopted") }));
      else body.push(el("p", { class: "ruling-told", text: gc.t("ruling.effect", { days, taken: gc.num(taken), changed: gc.num(changed) }) }), desk.sure("adopt-ruling", gc.t("ruling.adopt"), desk.moves.barred(["district"])), desk.me().role === "district" ? null : el("p", { class: "part-hint", text: desk.moves.barred(["district"]).title }));
    }
    return desk.part("ruling", "ruling.title", null, ...body, desk.refusal("ruling"));
  }
  gc.actions["adopt-ruling"] = async () => {
    if (!found?.proposal) return;
    const { category, area, owner, note, incident } = found.proposal;
    const done = await desk.command("ruling", "/rules", { category, area, owner, note, incident }, gc.t("ruling.done"));
    if (!done) return;
    asked = ""; // read anew: it is a rule now
    desk.case.draw();
  };
  desk.ruling = { part };
})();
