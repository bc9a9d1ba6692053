// Keyboard shortcuts: single keys, never while the reader types, and a list of them.

import { h } from "./dom.js";

const keys = new Map();

/** Do something when a key is pressed; `what` is for the list. */
export function onKey(key, what, action) {
  keys.set(key, { what, action });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key !== "Escape" && (typing(event.target) || document.querySelector("dialog[open]"))) return;
  const found = keys.get(event.key);
  if (!found) return;
  if (found.action(event) !== false) event.preventDefault();
});

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

/** Show the list. */
export function openHelp() {
  const rows = [...keys].map(([key, { what }]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)));
  openDialog("Keyboard shortcuts", h("dl", { class: "keys" }, ...rows));
}

/** A modal dialog that is gone when it is closed. Returns it. */
export function openDialog(title, ...content) {
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-label": title, close: (event) => event.currentTarget.remove() },
    h("h2", {}, title),
    ...content,
    h("button", { type: "button", class: "icon-button close", "aria-label": "Close", click: () => dialog.close() }, "✕"),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
