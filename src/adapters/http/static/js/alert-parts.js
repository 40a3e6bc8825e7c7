// What several pages of alerts share: the word of who takes care.
import { identity } from "./api.js";
import { openDialog } from "./dialog.js";
import { form } from "./form.js";
import { say } from "./notices.js";

/** The dialog to acknowledge an alert; resolves to the changed alert, or null. */
export function acknowledge(alert) {
  const built = form({
    fields: [{ name: "comment", label: "Comment", autofocus: true, maxlength: 500, placeholder: "What is being done", hint: "Others see it. It stays acknowledged until it recovers; escalation stops." }],
    submit: "Acknowledge", cancel: () => dialog.close(null),
    async send({ comment }) {
      const { data } = await identity("POST", `alerts/${alert.id}/acknowledge`, { body: comment == null ? {} : { comment } });
      say(`${alert.rule} of ${alert.subject} is acknowledged.`);
      document.dispatchEvent(new CustomEvent("lineman:alerts"));
      dialog.close(data);
    },
  });
  const dialog = openDialog(`Acknowledge: ${alert.rule}, ${alert.subject}`, built.element);
  return dialog.closed;
}
