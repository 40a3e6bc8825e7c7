// What some roles are confined to, in the forms of users and tokens.

/** The field that confines a role. */
export const CONFINED = { client: "container_ids", enterprise_admin: "enterprise_numbers" };

/** The fields of both, `of` being what there is. */
export const confinement = ({ places, tenants }, of) => [
  { name: "container_ids", label: "Containers that a client may see", type: "checks", value: of?.container_ids ?? [],
    options: places.map(({ id, name }) => [id, name]), hint: places.length ? null : "There are no containers yet." },
  { name: "enterprise_numbers", label: "Enterprises that an enterprise admin may see", type: "checks", value: of?.enterprise_numbers ?? [],
    options: tenants.map(({ number, name }) => [number, `${name} (${number})`]), hint: tenants.length ? null : "There are no enterprises yet." },
];

/** Show of them what the chosen role is confined to. */
export function followRole(built) {
  const role = built.field("role").input;
  const update = () => {
    for (const name of Object.values(CONFINED)) built.field(name).element.hidden = CONFINED[role.value] !== name;
  };
  role.addEventListener("change", update);
  update();
}

/** The values without what does not confine the role: the API would refuse it. */
export function confined(values, role = values.role) {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !Object.values(CONFINED).includes(name) || CONFINED[role] === name));
}
