// Adding and editing a miner.
import { Problem, containers, miners } from "./api.js";
import { openDialog } from "./dialog.js";
import { h, show } from "./dom.js";
import { form } from "./form.js";
import { say } from "./notices.js";

const LABELS = {
  name: "Name", manufacturer: "Maker", model: "Model", ip_address: "Address", port: "Port", container_id: "Container",
  is_active: "Polled", tags: "Tags", group_id: "Group", row: "Row", shelf: "Shelf", slot: "Slot", web_port: "Web port", api3_port: "API 3 port", username: "User name", password: "Password",
};

function fieldsOf(view, makers, places, groups) {
  const number = { type: "number", maxlength: 10 };
  return [
    { name: "name", label: LABELS.name, value: view?.name, required: true, autofocus: true },
    { name: "manufacturer", label: LABELS.manufacturer, type: "select", value: view?.manufacturer ?? makers[0], options: makers.map((one) => [one, one]) },
    { name: "ip_address", label: LABELS.ip_address, value: view?.ip_address, required: true, placeholder: "192.168.1.100" },
    { name: "port", label: LABELS.port, value: view?.port, ...number, placeholder: "4028", hint: view?.port ? null : "Left empty: the maker's main port" },
    { name: "model", label: LABELS.model, value: view?.model, list: [], hint: "Any text; the miner says itself what it is" },
    { name: "container_id", label: LABELS.container_id, type: "select", value: view?.container_id == null ? "" : String(view.container_id), options: [["", "none"], ...places.map(({ id, name }) => [String(id), name])] },
    { name: "is_active", label: "Poll this miner", type: "checkbox", value: view?.is_active ?? true },
    { name: "tags", label: LABELS.tags, type: "words", value: view?.tags, placeholder: "hydro, rented", hint: "Separated by commas" },
    { name: "row", label: LABELS.row, value: view?.row, ...number, group: "Place on the container's map" },
    { name: "shelf", label: LABELS.shelf, value: view?.shelf, ...number, group: "Place on the container's map" },
    { name: "slot", label: LABELS.slot, value: view?.slot, ...number, group: "Place on the container's map" },
    { name: "group_id", label: LABELS.group_id, type: "select", value: view?.group_id == null ? "" : String(view.group_id), options: [["", "none"], ...groups.map(({ id, name }) => [String(id), name])], hint: "Its login is used when the miner has none of its own", group: "Login and other ports" },
    { name: "username", label: LABELS.username, value: view?.username, group: "Login and other ports" },
    {
      name: "password", label: LABELS.password, type: "password", autocomplete: "new-password", group: "Login and other ports",
      placeholder: view?.has_password ? "unchanged" : "", hint: "Kept encrypted and never shown again",
    },
    { name: "web_port", label: LABELS.web_port, value: view?.web_port, ...number, placeholder: "80", group: "Login and other ports" },
    { name: "api3_port", label: LABELS.api3_port, value: view?.api3_port, ...number, placeholder: "4433", hint: "Whatsminer only", group: "Login and other ports" },
  ];
}

const REFERENCES = ["container_id", "group_id"];
const toBody = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, REFERENCES.includes(name) && value != null ? Number(value) : value]));
const allGroups = async () => (await miners("GET", "miners/groups")).data;

const withoutEmpty = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));

/** Fill the suggestions of models for the chosen maker, and the port that is usual for it. */
function followMaker(built) {
  const maker = built.field("manufacturer").input;
  const models = built.field("model").input.list_;
  const port = built.field("port").input;
  const update = async () => {
    port.placeholder = maker.value === "Elphapex" ? "80" : "4028";
    try {
      const { data } = await miners("GET", `miners/models/${encodeURIComponent(maker.value)}`);
      show(models, data.map((one) => h("option", { value: one })));
    } catch (error) {
      // Suggestions only: the field takes any text without them.
      if (!(error instanceof Problem)) throw error;
    }
  };
  maker.addEventListener("change", update);
  update();
}

/** The dialog to add a miner; resolves to the new one, or null. */
export async function addMiner({ containerId } = {}) {
  const [makers, places, groups] = await Promise.all([miners("GET", "miners/manufacturers"), containers(), allGroups()]);
  const built = form({
    fields: fieldsOf(containerId == null ? null : { container_id: containerId }, makers.data, places, groups),
    submit: "Add miner", cancel: () => dialog.close(null),
    async send(values) {
      const { data } = await miners("POST", "miners", { body: withoutEmpty(toBody(values)) });
      say(`${data.name} is added; it is polled in the next round.`);
      dialog.close(data);
    },
  });
  followMaker(built);
  const dialog = openDialog("Add a miner", built.element);
  return dialog.closed;
}

/** The dialog to edit a miner; resolves to the changed one, or null. */
export async function editMiner(id) {
  const [makers, places, groups, loaded] = await Promise.all([miners("GET", "miners/manufacturers"), containers(), allGroups(), miners("GET", `miners/${id}`)]);
  const fields = (view) => fieldsOf(view, makers.data, places, groups);
  const built = form({
    fields: fields(loaded.data), submit: "Save", cancel: () => dialog.close(null),
    versions: {
      what: "miner", etag: loaded.etag, read: () => miners("GET", `miners/${id}`),
      values: (view) => Object.fromEntries(fields(view).map(({ name, value }) => [name, value])),
    },
    async send(values, { changed, etag }) {
      if (!Object.keys(changed).length) return dialog.close(null);
      const { data } = await miners("PUT", `miners/${id}`, { body: toBody(changed), etag });
      say(`${data.name} is saved.`);
      dialog.close(data);
    },
  });
  followMaker(built);
  const dialog = openDialog(`Edit ${loaded.data.name}`, built.element);
  return dialog.closed;
}
