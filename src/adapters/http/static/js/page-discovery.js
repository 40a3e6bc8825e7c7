// Discovery: where to look for miners, and the searches so far.
import { miners } from "./api.js";
import { h, keyed, setAttribute, setText, show as put, stay } from "./dom.js";
import { form } from "./form.js";
import { number, plural, setTime } from "./format.js";
import { every } from "./live.js";
import { empty } from "./notices.js";
import { JOB_STATES } from "./page-job.js";
import { pageUrl } from "./place.js";
import { go } from "./router.js";
import { can } from "./session.js";
import { cell, sheet } from "./sheet.js";

const REFRESH_S = 5;

export async function show({ root, signal }) {
  const table = sheet("Searches", ["Where", "Status", ["Looked at", "num"], ["Found", "num"], ["New", "num"], ["Moved", "num"], ["Gone", "num"], "Begun"]);
  const nothing = h("div");
  await every(REFRESH_S, async () => {
    const { data } = await miners("GET", "miners/discover", { signal });
    keyed(table.body, data, ({ id }) => id, row);
    table.element.hidden = !data.length;
    stay(nothing, data.length ? "" : "none", () => empty("Nothing was searched yet", h("p", {}, "Give the networks that your miners are in. Every address gets one short probe; those that answer are asked what they are. Nothing is added before you choose it.")));
  }, signal);
  put(root, h("div", { class: "page-head" }, h("h1", {}, "Discovery")), can("change-miners") ? h("section", { class: "panel", "aria-label": "A new search" }, searchForm()) : null,
    h("div", { class: "section-head" }, h("h2", {}, "Searches")), table.element, nothing);
}

const lines = (text) => (text ?? "").split(/[\n,;]+/).map((one) => one.trim()).filter(Boolean);

function searchForm() {
  const built = form({
    fields: [
      { name: "targets", label: "Where to look", type: "textarea", placeholder: "10.0.0.0/24\n10.0.1.10-10.0.1.60\n10.0.2.7", hint: "Networks, ranges and single addresses, one a line" },
      { name: "username", label: "User name", autocapitalize: "none", group: "Login and ports", hint: "For miners that tell what they are only to those who log in" },
      { name: "password", label: "Password", type: "password", autocomplete: "new-password", group: "Login and ports" },
      { name: "port", label: "Main port", type: "number", placeholder: "4028", group: "Login and ports" },
      { name: "web_port", label: "Web port", type: "number", placeholder: "80", group: "Login and ports" },
      { name: "api3_port", label: "API 3 port", type: "number", placeholder: "4433", hint: "Whatsminer only", group: "Login and ports" },
    ],
    submit: "Search",
    async send({ targets, username, password, ...ports }) {
      const body = { targets: lines(targets) };
      const named = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
      if (Object.keys(named(ports)).length) body.ports = named(ports);
      if (username != null || password != null) body.credentials = named({ username, password });
      const { data } = await miners("POST", "miners/discover", { body });
      go(pageUrl(`discovery/${data.id}`));
    },
  });
  return built.element;
}

function row() {
  const link = h("a", { class: "row-link" });
  const by = h("div", { class: "sub" });
  const status = h("span");
  const counts = ["probed", "found", "new", "moved", "gone"].map((name) => [name, h("span", { class: "num" })]);
  const labels = { probed: "Looked at", found: "Found", new: "New", moved: "Moved", gone: "Gone" };
  const begun = h("time");
  const element = h("tr", {}, h("td", {}, link, by), cell("Status", status), counts.map(([name, value]) => h("td", { class: "num", "data-label": labels[name] }, value)), cell("Begun", begun));
  return {
    element,
    update(job) {
      setText(link, job.targets.length > 3 ? `${job.targets.slice(0, 3).join(", ")} and ${plural(job.targets.length - 3, "more", "more")}` : job.targets.join(", "));
      setAttribute(link, "href", pageUrl(`discovery/${job.id}`));
      setText(by, job.by ? `by ${job.by}` : "");
      setText(status, JOB_STATES[job.status] ?? job.status);
      setAttribute(status, "class", job.status === "failed" ? "bad-text" : job.status === "running" ? "warn-text" : null);
      for (const [name, value] of counts) setText(value, name === "probed" ? `${number(job.probed)} of ${number(job.addresses)}` : number(job[name]));
      setTime(begun, job.started_at ?? job.created_at);
    },
  };
}
