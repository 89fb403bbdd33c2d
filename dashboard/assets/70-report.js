// The report's page: print, and an evaluator's rating. The page is whole without it. Inert on every other page.
(() => {
  "use strict";
  const timeline = document.body?.dataset.timeline;
  if (!document.body?.classList.contains("report-page") || !timeline) return;

  document.getElementById("report-print")?.addEventListener("click", () => window.print());
  const known = "gridcommand.report.evaluator";
  for (const field of document.querySelectorAll("[name=actor]")) field.value = localStorage.getItem(known) ?? "";

  /** Put what the server says now in the place of what is shown: the ratings of an objective, and the deeds. */
  async function renew(objective) {
    const answer = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const find = (root, what) => root.querySelector(what);
    const one = `[data-objective="${CSS.escape(objective)}"] .report-ratings`;
    const form = find(document, `${one} .report-rate`);
    const [old, now] = [find(document, one), find(fresh, one)];
    find(now, ".report-rate").replaceWith(form);
    old.replaceWith(now);
    find(document, "#deeds").replaceWith(find(fresh, "#deeds"));
    find(document, ".report-facts").replaceWith(find(fresh, ".report-facts"));
  }

  async function send(form) {
    const refused = form.querySelector(".report-refused");
    const button = form.querySelector("button");
    const rating = form.elements.rating.value;
    const actor = form.elements.actor.value.trim();
    const say = (words) => { refused.textContent = words; };
    if (!rating || !actor) return say(form.dataset.needs);
    say("");
    button.disabled = true;
    try {
      const answer = await fetch(`/api/v1/drills/${encodeURIComponent(timeline)}/rate`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ objective: form.dataset.objective, rating, actor, note: form.elements.note.value.trim() }),
      });
      if (!answer.ok) {
        const said = await answer.json().catch(() => ({}));
        return say((document.documentElement.lang.startsWith("zh") && said.error_zh) || said.error || form.dataset.unreachable);
      }
      localStorage.setItem(known, actor);
      form.closest("details").open = false;
      form.reset();
      form.elements.actor.value = actor;
      await renew(form.dataset.objective).catch(() => location.reload()); // it is recorded: what is shown must say so
    } catch {
      say(form.dataset.unreachable);
    } finally {
      button.disabled = false;
    }
  }
  document.addEventListener("input", (event) => {
    const said = event.target.closest(".report-rate form")?.querySelector(".report-refused");
    if (said) said.textContent = "";
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".report-rate form")) return;
    event.preventDefault();
    send(event.target);
  });
})();
