// Import: a file or a paste, tried first, row by row; applied when it is right.
import { h, setText, show as put } from "./dom.js";
import { number, plural } from "./format.js";
import { attempt, empty, say } from "./notices.js";
import { sheet } from "./sheet.js";

const MOST_BYTES = 1 << 20;
const MOST_ROWS = 500;
const WORDS = { added: "new", changed: "changed", same: "as it is", error: "wrong" };

/**
 * The form and its outcome, as `[sample link, panel, outcome]`. `send({query, body, type, signal, deadline})` asks the API;
 * `noun` is what the rows are; `columns` says in words what they need, `same` by what they are known; `sample` is a CSV;
 * `nameOf(row)` is the cell that names a row; `done()` is called when all went well.
 */
export function importer({ send, noun, columns, same, sample, nameOf, done, signal }) {
  const file = h("input", { type: "file", accept: ".csv,.json,text/csv,application/json", "aria-label": "File" });
  const text = h("textarea", { rows: 9, spellcheck: "false", class: "mono", "aria-label": "Rows", placeholder: sample });
  const update = h("input", { type: "checkbox", onchange: () => forget() });
  const check = h("button", { type: "button", class: "primary", onclick: () => run(true) }, "Try it");
  const apply = h("button", { type: "button", hidden: true, onclick: () => run(false) }, "Import");
  const wrong = h("p", { class: "field-error", role: "alert" });
  const outcome = h("div", { "aria-live": "polite" });
  // A file goes as it is: only the server knows its encoding. The field shows it, until somebody writes there.
  let chosen = null;
  const forget = () => {
    apply.hidden = true;
    wrong.textContent = "";
    put(outcome);
  };
  const take = async (one) => {
    if (!one) return;
    if (one.size > MOST_BYTES) return void setText(wrong, `${one.name} has ${number(one.size)} bytes; at most ${number(MOST_BYTES)} can be sent at once. Split it.`);
    forget();
    text.value = await one.text();
    chosen = one;
  };
  file.addEventListener("change", () => take(file.files[0]));
  text.addEventListener("input", () => {
    chosen = null;
    file.value = "";
    forget();
  });
  text.addEventListener("dragover", (event) => event.preventDefault());
  text.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });

  const run = async (dry) => {
    const rows = text.value.trim();
    if (!rows) return void setText(wrong, "Choose a file, or paste rows into the field.");
    const json = /^[[{]/.test(rows);
    check.disabled = apply.disabled = true;
    wrong.textContent = "";
    const answer = await attempt(() => send({
      query: { dry_run: String(dry), update: String(update.checked) }, body: chosen ?? rows, type: json ? "application/json" : chosen ? "text/csv" : "text/csv; charset=utf-8", signal, deadline: 120_000,
    }));
    check.disabled = apply.disabled = false;
    if (!answer || signal.aborted) return;
    const { data } = answer;
    const useful = data.added + data.changed;
    put(outcome, result(data, noun, nameOf));
    apply.hidden = !dry || !useful;
    setText(apply, `Import ${plural(useful, noun)}`);
    if (!dry) {
      say(`${plural(data.added, noun)} added, ${number(data.changed)} changed.`);
      if (!data.failed) done();
    }
  };
  const link = URL.createObjectURL(new Blob([sample], { type: "text/csv" }));
  signal.addEventListener("abort", () => URL.revokeObjectURL(link), { once: true });
  const panel = h("section", { class: "panel", "aria-label": "What to import" },
    h("p", { class: "quiet" }, `CSV with a head, or a JSON array. ${columns} Nothing changes before you have seen what would.`),
    h("div", { class: "import-form" }, file, text, h("label", { class: "check" }, update, ` change ${noun}s that are there already, by ${same}`), wrong, h("div", { class: "actions" }, check, apply)));
  return [h("a", { class: "button", href: link, download: `${noun}s.csv` }, "Sample CSV"), panel, outcome];
}

function result(data, noun, nameOf) {
  const counts = [[data.added, "new"], [data.changed, "changed"], [data.same, "as they are"], [data.failed, "wrong"]].filter(([count]) => count);
  if (!data.rows.length) return empty("There is no row in it", h("p", {}, `The first line of a CSV file names its columns; ${noun}s come below it.`));
  // What is wrong comes first: it is what one is here to see.
  const rows = [...data.rows].sort((a, b) => (a.status !== "error") - (b.status !== "error") || a.row - b.row);
  const table = sheet("Rows", ["Row", "Name", "What", "Why"], { cards: false });
  put(table.body, rows.slice(0, MOST_ROWS).map((row) => h("tr", { "data-resting": row.status === "same" ? "yes" : null }, h("td", { class: "num" }, number(row.row)),
    h("td", {}, nameOf(row, data)),
    h("td", { class: row.status === "error" ? "bad-text" : row.status === "added" ? "ok-text" : null }, WORDS[row.status] ?? row.status),
    h("td", {}, (row.errors ?? []).map(({ field, message }) => h("div", {}, field ? [h("b", {}, field), " "] : null, message))))));
  return [h("p", { class: data.failed ? "callout" : "outcome good" }, h("span", {}, h("b", {}, data.dry_run ? "This would happen: " : "Done: "), counts.map(([count, word]) => `${number(count)} ${word}`).join(", "), ".",
    data.failed ? " Wrong rows are left out; the rest does not mind." : "")), table.element,
  rows.length > MOST_ROWS ? h("p", { class: "quiet" }, `Only the first ${number(MOST_ROWS)} of ${number(rows.length)} rows are shown.`) : null];
}
