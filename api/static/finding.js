// One finding.

import { h, outside } from "./dom.js";

/** Severity in words and in shape: never in colour alone. */
const SHAPE = { critical: "◆◆", high: "◆", medium: "▲", low: "●", info: "○" };

/** What is shown of a finding. */
export function finding(found) {
  return [
    h(
      "h3",
      {},
      h("span", { class: "severity", "data-severity": found.severity }, `${SHAPE[found.severity]} ${found.severity}`),
      ` ${found.title}`,
    ),
    h("p", { class: "quiet" }, place(found), ` · ${found.agent} agent · ${found.confidence} confidence`, cwe(found)),
    h("p", {}, found.message),
    found.failureScenario && h("p", {}, h("strong", {}, "What goes wrong: "), found.failureScenario),
    found.snippet && h("pre", { tabindex: "0" }, h("code", {}, found.snippet)),
    found.fix && h("p", {}, h("strong", {}, proved(found.fix) ? "Fix (proved): " : "Suggestion (not proved): "), found.fix.description),
    h("p", { class: "quiet" }, "Reported by ", sources(found), "; rule ", outside(found.helpUri, found.ruleId), "."),
  ];
}

function place(found) {
  if (!found.startLine) return `${found.path} (whole file)`;
  const lines = found.endLine > found.startLine ? `${found.startLine}–${found.endLine}` : found.startLine;
  return `${found.path}:${lines}`;
}

function cwe(found) {
  if (!found.cwe) return null;
  return h("span", {}, " · ", outside(`https://cwe.mitre.org/data/definitions/${found.cwe}.html`, `CWE-${found.cwe}`));
}

function proved(fix) {
  return Object.values(fix.checks).every((check) => check === "passed");
}

function sources(found) {
  const names = found.provenance.map(({ source, rule }) => (rule ? `${source} ${rule}` : source));
  return [...new Set(names)].join(", ") || found.agent;
}
