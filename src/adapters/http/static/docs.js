// Reads openapi.json and lets one try it. Everything is put in as text, never as HTML.
"use strict";

const state = { doc: null, base: "", token: "", csrf: "" };

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function resolve(schema) {
  return schema && schema.$ref ? state.doc.components.schemas[schema.$ref.split("/").pop()] : schema || {};
}

function kind(schema) {
  if (!schema) return "";
  if (schema.$ref) {
    const named = resolve(schema);
    return named.enum ? named.enum.join(" | ") : schema.$ref.split("/").pop();
  }
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.type === "array") return `list of ${schema.items ? kind(schema.items) : "anything"}`;
  const bounds = [
    schema.minimum !== undefined ? `≥ ${schema.minimum}` : "", Number.isSafeInteger(schema.maximum) ? `≤ ${schema.maximum}` : "",
    schema.maxLength !== undefined ? `at most ${schema.maxLength} characters` : "",
  ].filter(Boolean).join(", ");
  return [schema.format || schema.type || "anything", bounds].filter(Boolean).join(", ");
}

function example(schema, depth = 0) {
  const known = resolve(schema);
  if (known.default !== undefined) return known.default;
  if (known.enum) return known.enum[0];
  if (known.anyOf) return example(known.anyOf[0], depth);
  if (known.type === "array") return depth < 3 && known.items ? [example(known.items, depth + 1)] : [];
  if (known.type === "object") {
    if (depth > 3) return {};
    return Object.fromEntries(Object.entries(known.properties || {}).map(([name, part]) => [name, example(part, depth + 1)]));
  }
  if (known.type === "integer" || known.type === "number") return known.minimum ?? 0;
  if (known.type === "boolean") return true;
  if (known.type === "null") return null;
  return known.format === "date-time" ? new Date().toISOString() : "";
}

function fields(schema) {
  const known = resolve(schema);
  if (known.type === "array") return fields(known.items);
  if (!known.properties) return make("p", { class: "dim" }, kind(schema));
  const needed = new Set(known.required || []);
  const rows = Object.entries(known.properties).map(([name, part]) => make("tr", {},
    make("th", { scope: "row" }, make("code", {}, name)),
    make("td", {}, kind(part)),
    make("td", { class: "dim" }, [needed.has(name) ? "" : "optional", part.description || ""].filter(Boolean).join("; "))));
  return make("table", {}, make("tbody", {}, ...rows));
}

function headers(body) {
  const sent = {};
  if (body) sent["Content-Type"] = "application/json";
  if (state.token) sent.Authorization = `Bearer ${state.token}`;
  else if (state.csrf) sent["X-CSRF-Token"] = state.csrf;
  return sent;
}

function curl(method, url, body) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ["curl", method === "GET" ? "" : `-X ${method}`, quote(new URL(url, location.href).href), "-H \"Authorization: Bearer $LINEMAN_TOKEN\""];
  if (body) parts.push("-H 'Content-Type: application/json'", "-d", quote(body));
  return parts.filter(Boolean).join(" ");
}

function tryIt(path, method, operation) {
  const parameters = operation.parameters || [];
  const inputs = parameters.map((parameter) => {
    const schema = resolve(parameter.schema);
    const choices = schema.enum || (schema.type === "boolean" ? ["true", "false"] : null);
    const input = choices
      ? make("select", {}, make("option", { value: "" }, "–"), ...choices.map((choice) => make("option", {}, choice)))
      : make("input", { type: schema.type === "integer" ? "number" : "text", placeholder: schema.default ?? "", required: parameter.required });
    input.setAttribute("aria-label", parameter.name);
    return { parameter, input };
  });
  const content = operation.requestBody?.content["application/json"];
  const body = content ? make("textarea", { "aria-label": "Body", spellcheck: "false" }) : null;
  if (body) body.value = JSON.stringify(example(content.schema), null, 2);
  const answer = make("div", { role: "status" });

  const send = async (event) => {
    event.preventDefault();
    let place = path;
    const query = new URLSearchParams();
    const sent = headers(body);
    for (const { parameter, input } of inputs) {
      if (input.value === "") continue;
      if (parameter.in === "path") place = place.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (parameter.in === "query") query.set(parameter.name, input.value);
      else sent[parameter.name] = input.value;
    }
    const url = state.base + place + (query.size ? `?${query}` : "");
    const began = performance.now();
    answer.replaceChildren(make("p", { class: "dim" }, "Waiting for the answer …"));
    try {
      const response = await fetch(url, { method, headers: sent, body: body ? body.value : undefined, credentials: "same-origin" });
      const text = await response.text();
      const shown = response.headers.get("content-type")?.includes("json") && text ? JSON.stringify(JSON.parse(text), null, 2) : text;
      const total = response.headers.get("x-total-count");
      answer.replaceChildren(
        make("p", {}, make("span", { class: response.ok ? "good" : "bad" }, `${response.status} ${response.statusText}`),
          make("span", { class: "dim" }, ` in ${Math.round(performance.now() - began)} ms${total ? `, ${total} in all` : ""}`)),
        shown ? make("pre", {}, shown) : "",
        make("pre", {}, curl(method, url, body?.value)));
    } catch (error) {
      answer.replaceChildren(make("p", { class: "bad" }, `No answer: ${error.message}`));
    }
  };
  const rows = inputs.map(({ parameter, input }) => make("tr", {},
    make("th", { scope: "row" }, make("code", {}, parameter.name)), make("td", {}, input),
    make("td", { class: "dim" }, [parameter.in, kind(parameter.schema), parameter.description || ""].filter(Boolean).join("; "))));
  return make("form", { onsubmit: send },
    rows.length ? make("table", {}, make("tbody", {}, ...rows)) : null, body,
    make("div", { class: "row" }, make("button", {}, "Send")), answer);
}

function shape(schema) {
  return make("details", { class: "shape" }, make("summary", {}, kind(schema)), make("div", { class: "inside" }, fields(schema)));
}

function responses(operation) {
  const rows = Object.entries(operation.responses).map(([status, response]) => {
    const content = Object.values(response.content || {})[0];
    const good = status.startsWith("2");
    return make("tr", {}, make("th", { scope: "row", class: good ? "good" : "" }, status),
      make("td", {}, response.description, good && content ? shape(content.schema) : null));
  });
  return make("table", {}, make("tbody", {}, ...rows));
}

function describe(path, method, operation) {
  const inside = make("div", { class: "inside" });
  const details = make("details", { id: operation.operationId },
    make("summary", {}, make("span", { class: `method ${method}` }, method.toUpperCase()), make("code", {}, path),
      make("span", { class: "what" }, operation.summary)), inside);
  details.addEventListener("toggle", () => {
    if (!details.open || inside.childElementCount) return;
    const content = operation.requestBody?.content["application/json"];
    const open = operation.security && operation.security.length === 0;
    inside.append(
      operation.description ? make("p", {}, operation.description) : "",
      make("p", { class: "dim" }, open ? "Needs no login." : operation.security?.some((need) => !Object.keys(need).length) ? "Works without a login too." : "Needs a login."),
      content ? make("h3", {}, "Body") : "", content ? fields(content.schema) : "",
      make("h3", {}, "Try it"), tryIt(path, method.toUpperCase(), operation),
      make("h3", {}, "Answers"), responses(operation));
  });
  details.dataset.words = `${method} ${path} ${operation.summary} ${operation.tags?.join(" ")}`.toLowerCase();
  return details;
}

function open(id) {
  const details = document.getElementById(id);
  if (details instanceof HTMLDetailsElement) { details.open = true; details.scrollIntoView(); }
}

function draw() {
  const doc = state.doc;
  document.title = doc.info.title;
  document.getElementById("title").textContent = `${doc.info.title} ${doc.info.version}`;
  document.getElementById("about").textContent = doc.info.description || "";
  const groups = new Map();
  for (const [path, methods] of Object.entries(doc.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] || "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push([path, method, operation]);
    }
  }
  const index = document.getElementById("index");
  const main = document.getElementById("operations");
  main.replaceChildren();
  for (const [tag, entries] of groups) {
    main.append(make("section", {}, make("h2", {}, tag), ...entries.map((entry) => describe(...entry))));
    index.append(make("li", { class: "tag" }, tag), ...entries.map(([path, method, operation]) => make("li", {},
      make("a", { href: `#${operation.operationId}` }, make("span", { class: method }, method.toUpperCase()), ` ${path}`))));
  }
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("main section")) {
    const all = [...section.querySelectorAll(":scope > details")];
    for (const details of all) details.hidden = !words.every((word) => details.dataset.words.includes(word));
    section.hidden = all.every((details) => details.hidden);
  }
}

async function whoAmI() {
  const who = document.getElementById("who");
  const response = await fetch(`${state.base}/api/auth/me`, { headers: headers(false), credentials: "same-origin" });
  const told = await response.json();
  state.csrf = response.ok ? told.csrf || "" : "";
  who.textContent = response.ok ? `${told.name} (${told.role})` : "Not logged in.";
}

async function logIn(event) {
  event.preventDefault();
  const form = event.target;
  const body = JSON.stringify({ username: form.elements.username.value, password: form.elements.password.value });
  const response = await fetch(`${state.base}/api/auth/login`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const told = await response.json();
  form.elements.password.value = "";
  if (!response.ok) { document.getElementById("who").textContent = told.detail; return; }
  state.token = told.access_token;
  await whoAmI();
}

async function start() {
  const response = await fetch("openapi.json");
  if (!response.ok) throw new Error(`openapi.json: ${response.status}`);
  state.doc = await response.json();
  state.base = (state.doc.servers?.[0]?.url || "").replace(/\/$/, "");
  draw();
  document.getElementById("login").addEventListener("submit", logIn);
  document.getElementById("token").addEventListener("change", (event) => { state.token = event.target.value.trim(); whoAmI(); });
  document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/input|textarea|select/i.test(event.target.tagName)) { event.preventDefault(); document.getElementById("filter").focus(); }
  });
  addEventListener("hashchange", () => open(location.hash.slice(1)));
  open(location.hash.slice(1));
  await whoAmI();
}

start().catch((error) => document.getElementById("operations").replaceChildren(make("p", { class: "bad" }, error.message)));
