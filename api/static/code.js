// Showing code: numbered lines with marks at them.

import { h } from "./dom.js";

/** Lines of a block: one is laid out only when it comes into view, and filled when there is time. */
const BLOCK = 100;
/** Lines around what an excerpt is about. */
const AROUND = 5;

/**
 * A view of a file. `marks` maps a line to {kind, label, note, focus}: `label` stands in the margin, `note` behind the
 * line. Without `whole` only the lines around `centre` ([first, last]) are there.
 */
export function codeView(file, { marks = new Map(), centre = [1, 1], whole = false } = {}) {
  const offset = file.first ?? 1;
  const last = offset + file.lines.length - 1;
  const from = whole ? offset : Math.max(offset, centre[0] - AROUND);
  const to = whole ? last : Math.min(last, Math.max(centre[1], centre[0]) + AROUND);
  const view = h("div", { class: "code", tabindex: "0", role: "region", "aria-label": `Code of ${file.path}` });
  view.style.setProperty("--digits", String(to).length);
  const blocks = [];
  for (let start = from; start <= to; start += BLOCK) {
    const end = Math.min(to, start + BLOCK - 1);
    const block = h("div", { class: "block" });
    block.style.setProperty("--lines", end - start + 1);
    blocks.push({ block, fill: () => block.append(...rows(file, offset, start, end, marks)) });
  }
  view.append(...blocks.map(({ block }) => block));
  const first = Math.max(0, Math.floor((centre[0] - from) / BLOCK));
  fill(blocks, first, view);
  return view;
}

/** Bring the focused line of a view to its middle, without moving the page. */
export function centreOn(view) {
  const line = view.querySelector("[data-focus]");
  if (!line) return;
  const offset = line.getBoundingClientRect().top - view.getBoundingClientRect().top;
  view.scrollTop += offset - view.clientHeight / 2;
}

/** Fill the block that is looked at now, the others one by one when there is time. */
function fill(blocks, first, view) {
  const order = [...blocks.keys()].sort((a, b) => Math.abs(a - first) - Math.abs(b - first));
  blocks[order.shift() ?? 0]?.fill();
  const later = () => {
    const next = order.shift();
    if (next === undefined) return;
    blocks[next].fill();
    soon(later);
  };
  soon(later);
  view.dataset.lines = blocks.length;
}

const soon = globalThis.requestIdleCallback ?? ((action) => setTimeout(action, 16));

function rows(file, offset, from, to, marks) {
  const made = [];
  for (let number = from; number <= to; number += 1) {
    const mark = marks.get(number);
    made.push(
      h(
        "div",
        { class: "line", "data-line": number, "data-kind": mark?.kind, "data-focus": mark?.focus, "data-changed": Boolean(file.changed?.has(number)) },
        h("span", { class: "ln" }, String(number)),
        h("span", { class: "mark" }, mark?.label ?? ""),
        h("code", {}, ...file.lines[number - offset].map(([kind, text]) => (kind ? h("span", { class: kind }, visible(text)) : visible(text)))),
        mark?.note && h("span", { class: "note" }, mark.note),
      ),
    );
  }
  return made;
}

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Characters that nobody sees, made visible: code may hide what it does behind them. */
export function visible(text) {
  return text.replace(HIDDEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
