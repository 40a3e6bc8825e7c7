// Light, dark or as the system says; theme.js beside this folder applies it before the first paint.

export const THEMES = { "": "As the system", light: "Light", dark: "Dark" };

/** The choice: "" for the system's. */
export const theme = () => document.documentElement.dataset.theme ?? "";

/** Choose; charts and switches hear `lineman:theme`. */
export function setTheme(next) {
  if (next) document.documentElement.dataset.theme = next;
  else delete document.documentElement.dataset.theme;
  try {
    localStorage.setItem("lineman.theme", next);
  } catch {
    // Storage may be forbidden: the choice then lasts until the tab closes.
  }
  document.dispatchEvent(new CustomEvent("lineman:theme"));
}
