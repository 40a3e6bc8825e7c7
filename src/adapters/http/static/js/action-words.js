// What miners can be told, in words: on buttons, in questions, in outcomes.

export const ACTIONS = {
  reboot: { title: "Reboot", does: "The whole machine starts anew. It will not hash for some minutes.", danger: true },
  restart: { title: "Restart mining", does: "The mining process starts anew. It will not hash for a minute or two.", danger: true },
  light: { title: "Fault light", does: "The light on the machine shows people where it is." },
  sleep: { title: "Sleep", does: "It stops hashing and saves power until it is woken.", danger: true },
  wake: { title: "Wake", does: "It takes up hashing again." },
  pool: { title: "Switch pool", does: "It mines at another pool from now on.", danger: true },
  "power-limit": { title: "Power limit", does: "It takes no more power than that, and hashes less.", danger: true },
};

/** "Reboot", "Fault light on", "Pool → stratum+tcp://…", "Power limit 3,000 W". */
export function actionWords({ action, arguments: given = {} }) {
  const title = ACTIONS[action]?.title ?? action;
  if (action === "light") return `${title} ${given.on ? "on" : "off"}`;
  if (action === "pool") return given.pool == null ? title : `${title} to ${given.pool.url ?? `pool ${given.pool}`}`;
  if (action === "power-limit") return given.watts == null ? title : `${title} ${given.watts}\u00a0W`;
  return title;
}

const STEPS = {
  requested: "is on its way", accepted: "the miner took it; the next readings will show", verified: "done, and seen in its readings",
  unverified: "the miner took it, but its readings do not show it", declined: "declined", failed: "failed",
};
export const STEP_NAMES = { requested: "Requested", accepted: "Accepted", verified: "Verified", unverified: "Not verified", declined: "Declined", failed: "Failed" };

/** How an action went: "done, and seen in its readings: its uptime began anew". */
export const outcomeWords = ({ status, detail }) => `${STEPS[status] ?? status}${detail ? `: ${detail}` : ""}`;

/** Whether nothing more will happen. */
export const isOver = ({ status }) => !["requested", "accepted"].includes(status);
