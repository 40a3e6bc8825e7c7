// Runs before the first paint, so that a dark room stays dark.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("lineman.theme");
  } catch {
    // Storage may be forbidden: the system's choice stands.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
