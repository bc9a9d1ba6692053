// Ignoring a finding: in the project's own configuration, where a reason is asked for and others can see it.

import { copy, h } from "./dom.js";
import { openDialog } from "./keys.js";

/** Ask for the reason; give what to write into .codereview.toml. */
export function openIgnore(finding) {
  const reason = h("input", { id: "ignore-reason", required: true, autocomplete: "off", input: draw });
  const entry = h("pre", { class: "entry", tabindex: "0", "aria-label": "Configuration" });
  const button = h("button", { class: "primary", disabled: true }, "Copy");

  function draw() {
    entry.textContent = entryOf(finding, reason.value.trim());
    button.disabled = !reason.value.trim();
  }

  draw();
  openDialog(
    "Ignore this finding",
    h(
      "form",
      {
        submit: (event) => {
          event.preventDefault();
          copy(entry.textContent, "Entry");
        },
      },
      h("p", {}, "A finding is ignored in the reviewed project, so that the reason is kept beside the code. From the next review on it is listed as ignored and does not count."),
      h("label", { for: "ignore-reason" }, "Why is it no problem?"),
      reason,
      h("p", {}, "Add this to ", h("code", {}, ".codereview.toml"), ":"),
      entry,
      h("p", { class: "buttons" }, button),
    ),
  );
}

function entryOf(finding, reason) {
  return `[[suppress]]\nfingerprint = ${quote(finding.fingerprint)}\nreason = ${quote(reason)}\n`;
}

/** A TOML basic string: JSON's escapes are among TOML's. */
function quote(text) {
  return JSON.stringify(text);
}
