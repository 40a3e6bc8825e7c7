// Adding and editing a container, and the grid of its map.
import { miners } from "./api.js";
import { openDialog } from "./dialog.js";
import { form } from "./form.js";
import { say } from "./notices.js";

const grid = (container) => {
  const number = { type: "number", maxlength: 4, group: "Map: the grid that its miners stand in" };
  return [
    { name: "rows", label: "Rows of racks", value: container?.rows, ...number },
    { name: "shelves", label: "Shelves of a rack", value: container?.shelves, ...number },
    { name: "slots", label: "Slots of a shelf", value: container?.slots, ...number },
  ];
};

const fields = (container) => [
  { name: "name", label: "Name", value: container?.name, required: true, autofocus: true },
  { name: "location", label: "Location", value: container?.location, placeholder: "Port A, row 3" },
  { name: "description", label: "Description", value: container?.description },
  ...grid(container),
];

/** The dialog to add a container; resolves to the new one, or null. */
export function addContainer() {
  const built = form({
    fields: fields(null), submit: "Add container", cancel: () => dialog.close(null),
    async send(values) {
      const body = Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
      const { data } = await miners("POST", "containers", { body });
      say(`${data.name} is added.`);
      dialog.close(data);
    },
  });
  const dialog = openDialog("Add a container", built.element);
  return dialog.closed;
}

/** The dialog to edit a container; resolves to the changed one, or null. */
export async function editContainer(id) {
  const { data: container, etag } = await miners("GET", `containers/${id}`);
  const built = form({
    fields: fields(container), submit: "Save", cancel: () => dialog.close(null),
    versions: { what: "container", etag, read: () => miners("GET", `containers/${id}`), values: (data) => data },
    async send(values, { changed, etag: seen }) {
      if (!Object.keys(changed).length) return dialog.close(null);
      const { data } = await miners("PUT", `containers/${id}`, { body: changed, etag: seen });
      say(`${data.name} is saved.`);
      dialog.close(data);
    },
  });
  built.element.querySelector("details").open = true;
  const dialog = openDialog(`Edit ${container.name}`, built.element);
  return dialog.closed;
}
