// The red switch: no power actions at all; and the dry run. Everybody sees how it stands, and who did it.
import { units } from "./api.js";
import { confirmed } from "./dialog.js";
import { h, setAttribute, show as put } from "./dom.js";
import { timeElement } from "./format.js";
import { every } from "./live.js";
import { attempt, say } from "./notices.js";
import { can } from "./session.js";
import { glyph } from "./words.js";

const REFRESH_S = 10;

/** `{element, again}` */
export async function policyPanel({ signal, changed = () => {} }) {
  const text = h("p", { role: "status" });
  const stop = h("button", { type: "button", class: "danger", onclick: () => set({ stopped: true }, "All power actions are stopped.") }, "Stop all power actions");
  const go = h("button", { type: "button", onclick: () => resume() }, "Let them go on");
  const dry = h("input", { type: "checkbox", onchange: () => set({ dry_run: dry.checked }, dry.checked ? "From now on it is written down only what would be done." : "The dry run is over.") });
  const acts = h("div", { class: "actions" }, h("label", { class: "check" }, dry, " Dry run"), go, stop);
  const element = h("section", { class: "panel policy", "aria-label": "Power actions" }, text, can("power:cycle") && acts);
  let etag = null;
  let shown = "";

  const draw = (policy) => {
    const key = JSON.stringify(policy);
    dry.checked = policy.dry_run;
    if (key === shown) return;
    shown = key;
    setAttribute(element, "data-is", policy.stopped ? "stopped" : policy.dry_run ? "dry" : null);
    go.hidden = !policy.stopped;
    stop.hidden = policy.stopped;
    const note = policy.dry_run ? h("span", {}, h("b", {}, "Dry run: "), "what would be done by itself is written into the history, and not done.") : null;
    put(text, policy.stopped ? [glyph("critical"), h("b", {}, " All power actions are stopped"), ` by ${policy.stopped_by ?? "somebody"} `, policy.stopped_at ? timeElement(policy.stopped_at) : null, ". No unit's power is cut, by lineman or by hand. ", note]
      : note ? [glyph("info"), " ", note] : [glyph("online"), " Power is cut and given back where it was enabled for a unit, and nothing else helps."]);
  };
  const read = async () => {
    const answer = await units("GET", "policy", { signal });
    ({ etag } = answer);
    draw(answer.data);
  };
  const set = async (body, said) => {
    for (const one of [stop, go, dry]) one.disabled = true;
    const answer = await attempt(() => units("PUT", "policy", { body, etag }));
    for (const one of [stop, go, dry]) one.disabled = false;
    if (answer) {
      ({ etag } = answer);
      draw(answer.data);
      say(said);
      changed();
    }
    await loop.again();
  };
  const resume = async () => (await confirmed("Let power actions go on?", "Units that are down and have waited may be power-cycled at once.", "Let them go on")) && set({ stopped: false }, "Power actions go on.");
  const loop = await every(REFRESH_S, read, signal);
  return { element, again: () => loop.again() };
}
