// What was examined, and what was not and why.

import { visible } from "./code.js";
import { h } from "./dom.js";
import { count, EXPECTED } from "./words.js";

/** Rows shown of a long list at once. */
const MANY = 200;

/** The section; `entries` as a review has them. */
export function coverage(entries) {
  const gaps = entries.filter((entry) => entry.state !== "reviewed" && !EXPECTED.has(entry.reason));
  const usual = entries.filter((entry) => entry.state !== "reviewed" && EXPECTED.has(entry.reason));
  const done = entries.filter((entry) => entry.state === "reviewed");
  if (!entries.length) return [];
  return [
    h("h2", { id: "coverage-title" }, "Coverage"),
    gaps.length > 0 ? folded("Not examined", gaps, "gap", true) : h("p", {}, "Nothing that should have been examined was left out."),
    usual.length > 0 && folded("Left out as usual", usual, "usual", false),
    done.length > 0 && folded("Examined", done, "done", false),
  ];
}

function folded(title, entries, kind, open) {
  const files = new Set(entries.map((entry) => entry.path)).size;
  const place = h("div", { class: "table-place", tabindex: "0", role: "region", "aria-label": title });
  const details = h("details", { class: "coverage", "data-kind": kind, open, toggle: () => fill() }, h("summary", {}, `${title}: ${count(files, "file")}`), place);
  function fill() {
    if (details.open && !place.firstChild) place.append(table(title, entries));
  }
  fill();
  return details;
}

function table(title, entries) {
  const titles = ["File", "Agent", "What happened"].map((name) => h("th", { scope: "col" }, name));
  const rows = entries.slice(0, MANY).map((entry) => h("tr", {}, h("td", { class: "path" }, visible(entry.path)), h("td", {}, entry.agent || "all"), h("td", {}, visible(words(entry)))));
  const more = entries.length > MANY && h("p", { class: "quiet" }, `… and ${entries.length - MANY} more, listed in the JSON report.`);
  return h("div", {}, h("table", {}, h("thead", {}, h("tr", {}, ...titles)), h("tbody", {}, ...rows)), more);
}

function words(entry) {
  if (entry.state === "reviewed") return entry.engines.join(", ") || "examined";
  const why = [entry.reason ?? "no reason given", entry.detail && `(${entry.detail})`].filter(Boolean).join(" ");
  return entry.state === "partly" ? `only partly: ${why}` : why;
}
