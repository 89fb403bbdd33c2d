// Runs in the head, before anything is painted: which theme this desk has. The address says (?theme=light), else what was
// chosen in this browser, else the district's setting. The button turns it; what draws by itself hears "gridcommand-theme".
(() => {
  const root = document.documentElement;
  const usual = document.currentScript.dataset.usual;
  const kept = "gridcommand.theme";
  const bright = matchMedia("(prefers-color-scheme: light)");
  const known = (name) => (name === "light" || name === "dark" ? name : null);
  const chosen = () => {
    try {
      return known(localStorage.getItem(kept));
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const asked = () => known(new URLSearchParams(location.search).get("theme"));
  const show = () => {
    const name = asked() ?? chosen() ?? known(usual) ?? (bright.matches ? "light" : "dark");
    if (name === root.dataset.theme) return;
    root.dataset.theme = name;
    dispatchEvent(new Event("gridcommand-theme"));
  };
  show();
  bright.addEventListener("change", show);
  addEventListener("storage", (event) => event.key === kept && show()); // another window of the same desk
  document.addEventListener("click", ({ target }) => {
    if (!target.closest?.('[data-action="theme"]')) return;
    const name = root.dataset.theme === "light" ? "dark" : "light";
    const address = new URL(location.href);
    address.searchParams.delete("theme");
    try {
      localStorage.setItem(kept, name);
    } catch {
      address.searchParams.set("theme", name);
    }
    if (address.href !== location.href) history.replaceState(history.state, "", address);
    show();
  });
})();
