// The code of a finding, and its data flow walked step by step.

import { centreOn, codeView } from "./code.js";
import { h } from "./dom.js";
import { quoted, sourceOf } from "./source.js";
import { place, SEVERITIES } from "./words.js";

/** The code panel of a finding, with `step(by)` to walk. */
export function codePanel(reviewId, finding) {
  const walk = { at: finding.trace.length - 1, whole: false };
  const pane = h("div", { class: "code-pane" }, h("p", { class: "quiet" }, "Loading the code …"));
  const title = h("span", { class: "path" });
  const whole = h("button", { type: "button", class: "small", "aria-pressed": "false", click: toggle }, "Whole file");
  const steps = finding.trace.map((step, index) => stepButton(step, index, (chosen) => go(chosen)));
  const position = h("span", { class: "quiet", role: "status" });
  let turn = 0;

  async function draw() {
    const mine = ++turn;
    const at = spot(finding, walk.at);
    const file = (await sourceOf(reviewId, at.path)) ?? (await quoted(at.path, at.start ?? 1, at.snippet));
    if (mine !== turn) return;
    whole.hidden = Boolean(file.partial);
    title.textContent = at.path;
    if (!file.partial && at.start > file.lines.length) at.start = at.end = file.lines.length;
    const view = codeView(file, { marks: marksOf(finding, at, walk.at), centre: [at.start ?? 1, at.end ?? 1], whole: walk.whole });
    pane.replaceChildren(
      view,
      file.partial ? h("p", { class: "quiet" }, "The service no longer keeps this file: only the quoted lines are shown.") : "",
    );
    centreOn(view);
  }

  function go(index) {
    walk.at = Math.max(0, Math.min(finding.trace.length - 1, index));
    steps.forEach((each, number) => {
      if (number === walk.at) each.setAttribute("aria-current", "step");
      else each.removeAttribute("aria-current");
    });
    position.textContent = `Step ${walk.at + 1} of ${steps.length}`;
    return draw();
  }

  function toggle() {
    walk.whole = !walk.whole;
    whole.setAttribute("aria-pressed", String(walk.whole));
    draw().then(() => pane.scrollIntoView({ block: "nearest" }));
  }

  if (steps.length) go(walk.at);
  else draw();
  const stepping = steps.length > 0 && stepper(steps, position, (by) => go(walk.at + by));
  const head = h("p", { class: "code-head" }, title, whole);
  return { element: h("section", { class: "panel", "aria-label": "Code" }, stepping, head, pane), step: (by) => steps.length && go(walk.at + by) };
}

function stepper(steps, position, move) {
  return h(
    "div",
    { class: "flow" },
    h(
      "p",
      { class: "flow-head" },
      h("strong", {}, "Data flow"),
      position,
      h("button", { type: "button", class: "small", "aria-label": "Previous step", click: () => move(-1) }, "‹ Back"),
      h("button", { type: "button", class: "small", "aria-label": "Next step", click: () => move(1) }, "Next ›"),
    ),
    h("ol", {}, ...steps.map((each) => h("li", {}, each))),
  );
}

function stepButton(step, index, choose) {
  const where = h("span", { class: "path" }, `${step.path}:${step.line}`);
  return h("button", { type: "button", class: "step", click: () => choose(index) }, h("b", {}, `${index + 1}`), h("span", {}, step.message), where);
}

/** Where to look: the step that is walked, else the finding. */
function spot(finding, index) {
  const step = finding.trace[index];
  if (!step) return { path: finding.path, start: finding.startLine, end: finding.endLine, snippet: finding.snippet };
  const same = step.path === finding.path && step.line === finding.startLine;
  return { path: step.path, start: step.line, end: step.line, snippet: step.snippet || (same ? finding.snippet : "") };
}

function marksOf(finding, at, index) {
  const marks = new Map();
  if (finding.path === at.path && finding.startLine) {
    for (let line = finding.startLine; line <= (finding.endLine ?? finding.startLine); line += 1) {
      marks.set(line, { kind: finding.severity });
    }
    const label = SEVERITIES[finding.severity];
    marks.set(finding.startLine, { kind: finding.severity, label, note: `${label} ${finding.title}`, focus: index < 0 });
  }
  finding.trace.forEach((step, number) => {
    if (step.path !== at.path) return;
    const current = number === index;
    const known = marks.get(step.line);
    if (known?.focus) return;
    marks.set(step.line, { kind: current ? "current" : (known?.kind ?? "step"), label: String(number + 1), note: current ? `${number + 1}. ${step.message}` : "", focus: current });
  });
  return marks;
}

/** Where a finding is, for people who copy it. */
export function described(finding) {
  return `${finding.severity}: ${finding.title}\n${place(finding)}  [${finding.ruleId}]\n${finding.message}\n`;
}
