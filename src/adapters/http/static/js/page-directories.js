// Directories: the remote administration servers on whose lists the gateways are.
import { Problem, Unreachable, goip } from "./api.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { form } from "./form.js";
import { number, plural, timeElement } from "./format.js";
import { gatewayTabs } from "./gateway-words.js";
import { every } from "./live.js";
import { attempt, empty, say } from "./notices.js";
import { cell, sheet } from "./sheet.js";

const REFRESH_S = 30;
const TEST_MS = 90_000;

export async function show({ root, signal }) {
  const table = sheet("Directories", ["Name", "Address", "User name", "Password", "Its list", ""]);
  const nothing = h("div");
  let loop = null;
  const again = () => loop.again();
  const add = async () => (await editDirectory(null)) && again();
  loop = await every(REFRESH_S, async () => {
    const [{ data }, { data: scans }] = await Promise.all([goip("GET", "directories", { signal }), goip("GET", "scans", { signal })]);
    const seen = lastRead(scans);
    keyed(table.body, data.map((one) => ({ ...one, read: seen.get(one.name) })), ({ id }) => id, () => row(again));
    table.element.hidden = !data.length;
    stay(nothing, data.length ? "" : "none", () => empty("There are no directories", h("p", {}, "A directory is a remote administration server (RADMIN) that your gateways call; its list says on which ports they are. Set ", h("code", {}, "MFTP_HOST"), " for the first one, or add one here."),
      h("button", { type: "button", class: "primary", onclick: add }, "Add a directory")));
  }, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Directories"), h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: add }, "Add directory"))), gatewayTabs("gateways/directories", true), table.element, nothing);
}

/** By directory what the latest scan that read its list said of it; scans come newest first. */
function lastRead(scans) {
  const found = new Map();
  for (const { directories, started_at: at } of scans) {
    for (const one of directories) if (!found.has(one.directory)) found.set(one.directory, { ...one, at });
  }
  return found;
}

function row(again) {
  let directory = null;
  const name = h("b");
  const note = h("div", { class: "sub" });
  const address = h("span", { class: "mono" });
  const user = h("span");
  const password = h("span");
  const outcome = h("div", { role: "status" });
  let testedHere = false;
  const test = h("button", { type: "button", onclick: () => tested() }, "Test");
  const edit = h("button", { type: "button", onclick: async () => (await attempt(() => editDirectory(directory))) && again() }, "Edit");
  const tested = async () => {
    test.disabled = true;
    testedHere = true;
    put(outcome, "Reading its list…");
    try {
      const { data } = await goip("POST", `directories/${directory.id}/test`, { deadline: TEST_MS });
      put(outcome, h("span", { class: "ok-text" }, `${plural(data.listed, "gateway")} on it, ${number(data.with_port)} with a port`), h("div", { class: "sub" }, [data.version, ...data.remarks].filter(Boolean).join("; ")));
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      put(outcome, h("span", { class: "bad-text" }, error.message));
    }
    test.disabled = false;
  };
  const element = h("tr", {}, h("td", {}, name, note), cell("Address", address), cell("User name", user), cell("Password", password), cell("Its list", outcome), h("td", { class: "row-actions" }, test, edit));
  return {
    element,
    update(next) {
      directory = next;
      setText(name, next.name);
      setText(note, [next.from_settings && "of the settings: changed there (MFTP_HOST …)", !next.is_active && "switched off"].filter(Boolean).join(", "));
      setText(address, `${next.host.includes(":") ? `[${next.host}]` : next.host}:${next.port}`);
      setText(user, next.username ?? "none");
      setText(password, next.has_password ? "set" : "none");
      setAttribute(element, "data-resting", next.is_active ? null : "yes");
      setAttribute(test, "aria-label", `Test ${next.name}`);
      setAttribute(edit, "aria-label", `Edit ${next.name}`);
      edit.hidden = next.from_settings;
      if (!testedHere) stay(outcome, next.read ? `${next.read.at} ${next.read.ok}` : "none", () => scanned(next.read));
    },
  };
}

function scanned(read) {
  if (!read) return [h("span", { class: "quiet" }, "not read yet")];
  const when = h("div", { class: "sub" }, "scanned ", timeElement(read.at));
  if (!read.ok) return [h("span", { class: "bad-text" }, read.detail), when];
  return [h("span", { class: "ok-text" }, `${plural(read.listed, "gateway")} on it`), when];
}

async function editDirectory(listed) {
  const path = listed && `directories/${listed.id}`;
  const { data: directory, etag } = listed ? await goip("GET", path) : { data: null };
  const built = form({
    fields: [
      { name: "name", label: "Name", value: directory?.name, required: true, autofocus: true, placeholder: "Head office" },
      { name: "is_active", label: "Read its list", type: "checkbox", value: directory?.is_active ?? true },
      { name: "host", label: "Host", value: directory?.host, required: true, placeholder: "radmin.example or 192.0.2.10" },
      { name: "port", label: "Port", type: "number", value: directory?.port ?? 8086, maxlength: 5 },
      { name: "username", label: "User name", value: directory?.username, autocapitalize: "none" },
      { name: "password", label: "Password", type: "password", autocomplete: "new-password", placeholder: directory?.has_password ? "unchanged" : "", hint: "Kept encrypted and never shown again" },
    ],
    submit: directory ? "Save" : "Add directory", cancel: () => dialog.close(null),
    versions: directory && { what: "directory", etag, read: () => goip("GET", path), values: (data) => data },
    async send(values, { changed, etag: seen }) {
      if (directory && !Object.keys(changed).length) return dialog.close(null);
      const named = Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
      const { data } = directory ? await goip("PUT", path, { body: changed, etag: seen }) : await goip("POST", "directories", { body: { ...named, name: values.name ?? "", host: values.host ?? "" } });
      say(`${data.name} is ${directory ? "saved" : "added. Test it"}.`);
      dialog.close(data);
    },
  });
  const remove = async () => {
    if (!(await confirmed(`Remove ${directory.name}?`, "Only a directory in which no gateway stands can be removed.", "Remove directory"))) return;
    await attempt(async () => {
      await goip("DELETE", path);
      say(`${directory.name} is removed.`);
      dialog.close(directory);
    });
  };
  const dialog = openDialog(directory ? `Edit ${directory.name}` : "Add a directory", h("div", {}, built.element, directory && [h("hr"), h("button", { type: "button", class: "quiet-danger", onclick: remove }, "Remove this directory")]));
  return dialog.closed;
}
