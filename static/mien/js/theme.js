// Runs before the first paint, so that no light flash is seen in the dark. Not a module for that reason.
(function () {
  const system = matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      return localStorage.getItem("mien-theme");
    } catch {
      return null;
    }
  }

  function show() {
    document.documentElement.dataset.theme = stored() || (system.matches ? "dark" : "light");
  }

  function toggle() {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    const same = next === (system.matches ? "dark" : "light");
    try {
      if (same) localStorage.removeItem("mien-theme");
      else localStorage.setItem("mien-theme", next);
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
    document.documentElement.dataset.theme = next;
  }

  system.addEventListener("change", show);
  show();
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-action=theme]")) toggle();
  });
})();
