// A wall that nobody sits at (`kiosk=1`): no controls, no pointer, the screen stays awake, and the picture moves by a pixel or
// two every two minutes so that nothing burns into the panel.
(() => {
  "use strict";
  if (new URLSearchParams(location.search).get("kiosk") !== "1") return;
  const root = document.documentElement;
  const SHIFT_MS = 120_000;
  const IDLE_MS = 4_000;
  /** Offsets in CSS pixels, a closed walk: from one to the next is one pixel, which nobody sees. */
  const WALK = [[0, 0], [1, 0], [2, 0], [2, 1], [2, 2], [1, 2], [0, 2], [-1, 2], [-2, 2], [-2, 1], [-2, 0], [-2, -1], [-2, -2], [-1, -2], [0, -2], [1, -2], [2, -2], [2, -1], [1, -1], [0, -1]];
  root.classList.add("is-kiosk", "is-idle");

  let at = 0;
  setInterval(() => {
    at = (at + 1) % WALK.length;
    root.style.setProperty("--shift-x", `${WALK[at][0]}px`);
    root.style.setProperty("--shift-y", `${WALK[at][1]}px`);
  }, SHIFT_MS);

  let idle = 0;
  addEventListener("pointermove", () => {
    root.classList.remove("is-idle");
    clearTimeout(idle);
    idle = setTimeout(() => root.classList.add("is-idle"), IDLE_MS);
  }, { passive: true });

  // The browser gives the lock back when the page is hidden, and refuses it where power is saved: then the screen's own setting counts.
  const awake = () => document.visibilityState === "visible" && navigator.wakeLock?.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", awake);
  awake();
})();
