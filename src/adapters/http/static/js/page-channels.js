// Channels: where alerts are told. Their addresses hold keys, so they are written and never shown.
import { identity } from "./api.js";
import { confirmed, openDialog } from "./dialog.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { form } from "./form.js";
import { setTime } from "./format.js";
import { every } from "./live.js";
import { attempt, empty, say } from "./notices.js";
import { alertTabs } from "./page-alerts.js";
import { cell, sheet } from "./sheet.js";

const REFRESH_S = 30;
const EXAMPLES = "tgram://bottoken/chat, mailtos://user:password@mail.example?to=duty@example, slack://…, ntfy://topic, json://host/path";

export async function show({ root, signal }) {
  const table = sheet("Channels", ["Name", "Kind", "Last sent", "Last failure", ""]);
  const nothing = h("div");
  let loop = null;
  const again = () => loop.again();
  const add = async () => (await editChannel(null)) && again();
  loop = await every(REFRESH_S, async () => {
    const { data } = await identity("GET", "alerts/channels", { query: { limit: 1000 }, signal });
    keyed(table.body, data, ({ id }) => id, () => row(again));
    table.element.hidden = !data.length;
    stay(nothing, data.length ? "" : "none", () => empty("There are no channels", h("p", {}, "A channel is an address that alerts are sent to: a chat, a mailbox, a web hook. Rules then name the channels they tell."),
      h("button", { type: "button", class: "primary", onclick: add }, "Add a channel")));
  }, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Channels"), h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: add }, "Add channel"))), alertTabs("alerts/channels"), table.element, nothing);
}

function row(again) {
  let channel = null;
  const name = h("b");
  const onOff = h("div", { class: "sub" });
  const scheme = h("span");
  const sent = h("time");
  const failure = h("span");
  const outcome = h("div", { role: "status", class: "sub" });
  const edit = h("button", { type: "button", onclick: async () => (await editChannel(channel)) && again() }, "Edit");
  const test = h("button", { type: "button", onclick: () => tested() }, "Send a test");
  const tested = async () => {
    test.disabled = true;
    setText(outcome, "Sending…");
    outcome.className = "sub";
    try {
      await identity("POST", `alerts/channels/${channel.id}/test`, { deadline: 60_000 });
      outcome.className = "ok-text";
      setText(outcome, "The test was taken.");
    } catch (error) {
      outcome.className = "bad-text";
      // What was not delivered is the last failure, which stands there already.
      setText(outcome, error.code === "not-delivered" ? "" : error.message);
      if (error.name === "TypeError") throw error;
    }
    test.disabled = false;
    again();
  };
  const element = h("tr", {}, h("td", {}, name, onOff), cell("Kind", scheme), cell("Last sent", sent), cell("Last failure", failure, outcome), h("td", { class: "row-actions" }, test, edit));
  return {
    element,
    update(next) {
      channel = next;
      setText(name, next.name);
      setText(onOff, next.is_active ? "" : "switched off");
      setText(scheme, next.scheme);
      setTime(sent, next.last_sent_at);
      setText(failure, next.last_error ?? "none");
      setAttribute(failure, "class", next.last_error ? "bad-text" : "quiet");
      setAttribute(element, "data-resting", next.is_active ? null : "yes");
      setAttribute(edit, "aria-label", `Edit ${next.name}`);
      setAttribute(test, "aria-label", `Send a test to ${next.name}`);
    },
  };
}

async function editChannel(listed) {
  const { data: channel, etag } = listed ? await identity("GET", `alerts/channels/${listed.id}`) : { data: null };
  const built = form({
    fields: [
      { name: "name", label: "Name", value: channel?.name, required: true, autofocus: true, placeholder: "Telegram, night shift" },
      { name: "is_active", label: "Switched on", type: "checkbox", value: channel?.is_active ?? true },
      { name: "url", label: "Address", type: "password", autocomplete: "off", placeholder: channel ? "unchanged" : "tgram://…", hint: `Kept encrypted and never shown again. For example ${EXAMPLES}` },
    ],
    submit: channel ? "Save" : "Add channel", cancel: () => dialog.close(null),
    versions: channel && { what: "channel", etag, read: () => identity("GET", `alerts/channels/${channel.id}`), values: (data) => data },
    async send(values, { changed, etag: seen }) {
      if (channel && !Object.keys(changed).length) return dialog.close(null);
      const { data } = channel ? await identity("PUT", `alerts/channels/${channel.id}`, { body: changed, etag: seen })
        : await identity("POST", "alerts/channels", { body: { ...values, name: values.name ?? "", url: values.url ?? "" } });
      say(`${data.name} is ${channel ? "saved" : "added"}. Send it a test.`);
      dialog.close(data);
    },
  });
  const remove = async () => {
    if (!(await confirmed(`Remove ${channel.name}?`, "Rules that name it tell it no more.", "Remove channel"))) return;
    await attempt(async () => {
      await identity("DELETE", `alerts/channels/${channel.id}`);
      say(`${channel.name} is removed.`);
      dialog.close(channel);
    });
  };
  built.element.classList.add("narrow");
  const dialog = openDialog(channel ? `Edit ${channel.name}` : "Add a channel", h("div", {}, built.element, channel && [h("hr"), h("button", { type: "button", class: "quiet-danger", onclick: remove }, "Remove this channel")]));
  return dialog.closed;
}
