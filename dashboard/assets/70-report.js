// The report's page: print, an evaluator's rating, and what is new while the exercise runs. The page is whole without it. Inert on every other page.
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

  /** Put the whole report as it is now in the place of what is shown; forms stay as they are, with what was entered. */
  function replace(fresh) {
    const now = fresh.querySelector("main");
    if (!now?.querySelector(".report-head")) throw new Error("no report");
    for (const form of document.querySelectorAll(".report-rate")) {
      const objective = form.closest("[data-objective]").dataset.objective;
      now.querySelector(`[data-objective="${CSS.escape(objective)}"] .report-rate`)?.replaceWith(form);
    }
    const [down, focused] = [scrollY, document.activeElement];
    document.querySelector("main").replaceChildren(...now.childNodes);
    scrollTo(0, down);
    offer();
    if (focused?.classList.contains("report-renew")) document.querySelector(".report-renew")?.focus();
  }

  /** Of an exercise that is not over: a button beside the moment that the page is of. */
  function offer() {
    const running = document.querySelector(".report-running");
    if (!running) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "report-renew";
    button.textContent = running.dataset.now;
    button.addEventListener("click", () => refresh(running));
    const failed = document.createElement("span");
    failed.setAttribute("role", "status");
    running.append(" ", button, failed);
  }

  async function refresh(running) {
    const failed = running.lastElementChild;
    failed.textContent = "";
    try {
      const answer = await fetch(location.href);
      if (!answer.ok) throw new Error(answer.statusText);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!running.isConnected) return; // another answer came first
      replace(fresh);
    } catch {
      failed.textContent = ` ${running.dataset.failed}`;
    }
  }
  offer();
  /** By itself as well, but under nobody's hands: who is at something in the report, or has chosen words, asks for it. The
   * button for that gets its focus back. */
  const EVERY_MS = 20_000;
  setInterval(() => {
    const running = document.querySelector(".report-running");
    const busy = document.activeElement?.matches("main *:not(.report-renew)") || !getSelection().isCollapsed;
    if (running && !busy && document.visibilityState === "visible") refresh(running);
  }, EVERY_MS);

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
