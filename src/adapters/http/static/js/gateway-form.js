// Adding and editing a gateway.
import { deviceAt, enterprises as allEnterprises, goip } from "./api.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { form } from "./form.js";
import { empty, say } from "./notices.js";
import { pageUrl } from "./place.js";

function fieldsOf(view, enterprises, directories) {
  const names = directories.map(({ name }) => name);
  // What it is in may be gone from the lists that one may see: it stays what it is.
  const places = view?.directory && !names.includes(view.directory) ? [...names, view.directory] : names;
  return [
    !view && { name: "gateway_name", label: "Name", required: true, autofocus: true, placeholder: "Branch-001", hint: "Its RADMIN id, letter for letter" },
    { name: "enterprise_number", label: "Enterprise", type: "select", value: view?.enterprise_number ?? enterprises[0]?.number, options: enterprises.map(({ number, name }) => [number, `${name} (${number})`]) },
    { name: "serial_last4", label: "Serial number, last four digits", value: view?.serial_last4, placeholder: "0042", maxlength: 4, inputmode: "numeric", hint: "It gets commands only if these are its own; left empty, the first that is seen counts" },
    { name: "directory", label: "Directory", type: "select", value: view?.directory ?? "", options: [["", "the first"], ...places.map((name) => [name, name])] },
    { name: "username", label: "User name", value: view?.username, autocapitalize: "none", group: "Login of its own", hint: "Without one that of its enterprise counts, then that of the settings" },
    { name: "password", label: "Password", type: "password", autocomplete: "new-password", group: "Login of its own", placeholder: view?.has_password ? "unchanged" : "", hint: "Kept encrypted and never shown again" },
  ].filter(Boolean);
}

const lists = async () => {
  const [enterprises, directories] = await Promise.all([allEnterprises(), goip("GET", "directories")]);
  return [enterprises, directories.data];
};

/** The dialog to add a gateway; resolves to the new one, or null. */
export async function addGateway() {
  const [enterprises, directories] = await lists();
  if (!enterprises.length) {
    return openDialog("Add a gateway", empty("Add an enterprise first", h("p", {}, "A gateway belongs to an enterprise, and there is none yet."), h("a", { class: "button", href: pageUrl("enterprises") }, "To the enterprises"))).closed;
  }
  const built = form({
    fields: fieldsOf(null, enterprises, directories), submit: "Add gateway", cancel: () => dialog.close(null),
    async send(values) {
      const body = Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
      const { data } = await goip("POST", "devices", { body: { ...body, gateway_name: values.gateway_name ?? "" } });
      say(`${data.gateway_name} is added; the next scan looks for it.`);
      dialog.close(data);
    },
  });
  const dialog = openDialog("Add a gateway", built.element);
  return dialog.closed;
}

/** The dialog to edit a gateway; resolves to the changed one, or null. */
export async function editGateway(name) {
  const [[enterprises, directories], loaded] = await Promise.all([lists(), goip("GET", deviceAt(name))]);
  const fields = (view) => fieldsOf(view, enterprises, directories);
  const built = form({
    fields: fields(loaded.data), submit: "Save", cancel: () => dialog.close(null),
    versions: {
      what: "gateway", etag: loaded.etag, read: () => goip("GET", deviceAt(name)),
      values: (view) => Object.fromEntries(fields(view).map(({ name: field, value }) => [field, value])),
    },
    async send(values, { changed, etag }) {
      if (!Object.keys(changed).length) return dialog.close(null);
      const { data } = await goip("PUT", deviceAt(name), { body: changed, etag });
      say(`${data.gateway_name} is saved.`);
      dialog.close(data);
    },
  });
  const dialog = openDialog(`Edit ${name}`, built.element);
  return dialog.closed;
}
