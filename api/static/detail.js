// One finding in full.

import { visible } from "./code.js";
import { copy, h, outside } from "./dom.js";
import { fixPanel } from "./fix.js";
import { codePanel, described } from "./flow.js";
import { openIgnore } from "./ignore.js";
import { CONFIDENCES, place, said, SEVERITIES } from "./words.js";

/** The panel of a finding: {element, step}. `step(by)` walks its data flow. */
export function detail(reviewId, finding) {
  const code = codePanel(reviewId, finding);
  const element = h(
    "article",
    { class: "detail-body", "aria-labelledby": "detail-title" },
    h("p", { class: "facts" }, severity(finding), confidence(finding), standing(finding)),
    h("h2", { id: "detail-title" }, visible(finding.title)),
    h("p", { class: "where" }, h("span", { class: "path" }, visible(place(finding))), finding.symbol && h("span", { class: "quiet" }, ` in ${visible(finding.symbol)}`)),
    h("p", { class: "why" }, visible(finding.message)),
    finding.failureScenario && h("p", { class: "scenario" }, h("strong", {}, "What goes wrong: "), visible(finding.failureScenario)),
    code.element,
    fixPanel(reviewId, finding),
    provenance(finding),
    actions(finding),
  );
  return { element, step: code.step };
}

function severity(finding) {
  return h("span", { class: "severity", "data-severity": finding.severity }, h("span", { "aria-hidden": "true" }, SEVERITIES[finding.severity]), ` ${finding.severity}`);
}

function confidence(finding) {
  return h("span", { class: "confidence" }, h("span", { class: "dots", "aria-hidden": "true" }, CONFIDENCES[finding.confidence]), ` ${finding.confidence} confidence`);
}

function standing(finding) {
  const words = {
    candidate: "not verified yet",
    confirmed: "",
    refuted: "refuted: shown, not counted",
    suppressed: `ignored: ${finding.suppressionReason || "no reason given"}`,
  }[finding.status];
  return [
    words && h("span", { class: "tag" }, visible(words)),
    !finding.inDiff && h("span", { class: "tag" }, "outside the changed lines"),
  ];
}

function provenance(finding) {
  const entries = finding.provenance.map(({ source, rule, version, verdict, evidence }) =>
    h(
      "li",
      {},
      h("b", {}, visible([source, rule, version].filter(Boolean).join(" "))),
      verdict && ` ${verdict} it`,
      evidence && `: ${visible(evidence)}`,
    ),
  );
  return h(
    "section",
    { class: "provenance", "aria-label": "Who says so" },
    h("p", {}, h("strong", {}, "Who says so: "), visible(said(finding)), "."),
    h(
      "details",
      {},
      h("summary", {}, "Rule and evidence"),
      h("p", {}, "Rule ", outside(finding.helpUri, visible(finding.ruleId)), finding.cwe ? [", ", outside(`https://cwe.mitre.org/data/definitions/${finding.cwe}.html`, `CWE-${finding.cwe}`)] : ""),
      h("ul", {}, ...entries),
      h("p", { class: "quiet" }, "Fingerprint ", h("code", {}, finding.fingerprint)),
    ),
  );
}

function actions(finding) {
  const link = () => {
    const address = new URL(location.href);
    address.hash = finding.id;
    copy(address.href, "Link");
  };
  return h(
    "p",
    { class: "buttons" },
    h("button", { type: "button", class: "small", click: link }, "Copy link"),
    h("button", { type: "button", class: "small", click: () => copy(described(finding), "Finding") }, "Copy as text"),
    h("button", { type: "button", class: "small", click: () => openIgnore(finding) }, "Ignore with a reason …"),
  );
}
