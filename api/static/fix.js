// A proposed fix: as a diff with what was proved of it.

import { visible } from "./code.js";
import { copy, download, h } from "./dom.js";
import { sourceOf } from "./source.js";
import { CHECK_SHAPES, CHECKS } from "./words.js";

const CONTEXT = 3;

/** The panel of a finding's fix; null when it has none. */
export function fixPanel(reviewId, finding) {
  const { fix } = finding;
  if (!fix) return null;
  const sure = proved(fix);
  const diff = h("div", { class: "diff-place" });
  const panel = h(
    "section",
    { class: "panel fix", "aria-label": "Fix" },
    h("h3", {}, sure ? "Fix, proved" : "Suggestion, not proved"),
    h("ul", { class: "badges", "aria-label": "Checks of the fix" }, ...badges(fix.checks)),
    h("p", {}, visible(fix.description)),
    diff,
  );
  if (fix.edits.length) drawEdits(reviewId, finding, sure, diff);
  return panel;
}

function proved(fix) {
  return Object.keys(CHECKS).every((check) => fix.checks[check] === "passed");
}

function badges(checks) {
  return Object.entries(CHECKS).map(([name, words]) => {
    const result = checks[name];
    return h("li", { class: "badge", "data-check": result }, h("span", { "aria-hidden": "true" }, CHECK_SHAPES[result]), ` ${words}`, result !== "passed" && `: ${result}`);
  });
}

async function drawEdits(reviewId, finding, sure, parent) {
  const parts = [];
  for (const edit of finding.fix.edits) {
    const file = await sourceOf(reviewId, edit.path);
    const lines = file ? file.text.split("\n").map((line) => line.replace(/\r$/, "")) : null;
    parts.push({ edit, lines, old: oldLines(finding, edit, lines) });
  }
  const patch = parts.map(hunk).join("");
  parent.replaceChildren(
    ...parts.map(diffView),
    h(
      "p",
      { class: "buttons" },
      h("button", { type: "button", class: "small", click: () => copy(parts.map(({ edit }) => edit.replacement).join("\n"), "Fix") }, "Copy"),
      sure && parts.every(({ lines }) => lines) && h("button", { type: "button", class: "small", click: () => download(patch, `${finding.id}.patch`) }, "Download patch"),
      !sure && h("span", { class: "quiet" }, "Only a proved fix is offered as a patch."),
    ),
  );
}

function oldLines(finding, edit, lines) {
  if (lines) return lines.slice(edit.startLine - 1, edit.endLine);
  const same = edit.path === finding.path && edit.startLine === finding.startLine && edit.endLine === finding.endLine;
  return same ? finding.snippet.split("\n") : [];
}

function newLines(edit) {
  return edit.replacement ? edit.replacement.replace(/\r?\n$/, "").split(/\r?\n/) : [];
}

function diffView({ edit, old }) {
  const row = (sign, text) =>
    h("div", { class: "line", "data-sign": sign }, h("span", { class: "mark" }, sign), h("code", {}, visible(text)));
  return h(
    "div",
    { class: "code diff", tabindex: "0", role: "region", "aria-label": `Change of ${edit.path}` },
    ...old.map((line) => row("−", line)),
    ...newLines(edit).map((line) => row("+", line)),
  );
}

/** A unified diff of one edit. */
function hunk({ edit, lines, old }) {
  if (!lines) return "";
  const fresh = newLines(edit);
  const from = Math.max(0, edit.startLine - 1 - CONTEXT);
  const end = lines.length - (lines.at(-1) === "" ? 1 : 0);
  const before = lines.slice(from, edit.startLine - 1);
  const after = lines.slice(edit.endLine, Math.min(end, edit.endLine + CONTEXT));
  const start = from + 1;
  const sizes = [before.length + old.length + after.length, before.length + fresh.length + after.length];
  const body = [
    ...before.map((line) => ` ${line}`),
    ...old.map((line) => `-${line}`),
    ...fresh.map((line) => `+${line}`),
    ...after.map((line) => ` ${line}`),
  ];
  return `--- a/${edit.path}\n+++ b/${edit.path}\n@@ -${start},${sizes[0]} +${start},${sizes[1]} @@\n${body.join("\n")}\n`;
}
