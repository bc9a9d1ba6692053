// One review, live.

import { call, save } from "./api.js";
import { announce, connection, count, h, moment, show } from "./dom.js";
import { finding } from "./finding.js";
import { follow } from "./live.js";

const STATES = {
  connecting: "Connecting …",
  live: "Live",
  waiting: "Connection lost; trying again …",
  ended: "Ended",
};
const AGENT = {
  pending: "waiting",
  running: "running",
  ok: "done",
  partial: "done, with gaps",
  failed: "failed",
  cancelled: "cancelled",
};
const REPORTS = { sarif: "sarif", markdown: "md", json: "json", text: "txt" };

/** Show the review. */
export async function review(reviewId) {
  const path = `/api/review/${encodeURIComponent(reviewId)}`;
  const state = { review: null, findings: new Map() };
  const parts = {
    title: h("h1", {}, "Review"),
    verdict: h("div", { class: "verdict" }),
    agents: h("ul", { class: "cards" }),
    findings: h("ol", { class: "findings" }),
    summary: h("p", { class: "quiet" }),
    coverage: h("div"),
    actions: h("p", { class: "buttons" }),
  };

  async function load() {
    state.review = await call("GET", path);
    state.findings = new Map(state.review.findings.map((found) => [found.fingerprint, found]));
    draw(state, parts, path);
  }

  try {
    await load();
  } catch (problem) {
    show(h("h1", {}, "Review"), h("p", { class: "error", role: "alert" }, problem.message));
    return;
  }
  show(
    parts.title,
    parts.verdict,
    parts.actions,
    h("h2", {}, "Agents"),
    parts.agents,
    h("h2", {}, "Findings"),
    parts.summary,
    parts.findings,
    parts.coverage,
  );
  if (ended(state.review)) {
    connection(STATES.ended);
    return;
  }
  follow(reviewId, {
    onEvent: (event) => hear(event, state, parts, path, load),
    onState: (name, why) => connection(STATES[name] ?? `Not live: ${why}`),
    onReset: load,
  });
}

function hear(event, state, parts, path, load) {
  const { data } = event;
  if (data.finding) {
    const known = state.findings.has(data.finding.fingerprint);
    state.findings.set(data.finding.fingerprint, data.finding);
    if (!known) announce(`${data.finding.severity}: ${data.finding.title}`);
  }
  if (event.type === "review_started") state.review.status = "running";
  if (event.agent) hearAgent(event, state.review.agents);
  if (event.type.startsWith("review_") && data.verdict) {
    announce("The review has ended.");
    load().catch((problem) => connection(`The result cannot be read: ${problem.message}`));
    return;
  }
  draw(state, parts, path);
}

function hearAgent({ type, agent, data }, agents) {
  const card = agents.find((each) => each.agent === agent);
  if (!card) return;
  if (type === "agent_started") card.status = "running";
  if (type === "agent_progress") Object.assign(card, { unitsDone: data.unitsDone, units: data.units });
  if (data.summary) Object.assign(card, data.summary);
}

function draw({ review, findings }, parts, path) {
  const shown = [...findings.values()].filter((found) => found.status !== "refuted" && found.status !== "suppressed");
  parts.title.textContent = review.source.label || review.id;
  document.title = `${review.source.label || review.id} · codereview`;
  parts.verdict.dataset.verdict = review.verdict ?? "";
  parts.verdict.replaceChildren(...verdict(review));
  parts.actions.replaceChildren(...actions(review, path));
  parts.agents.replaceChildren(...review.agents.map(agentCard));
  parts.summary.textContent = summary(review, shown.length, findings.size - shown.length);
  update(parts.findings, shown);
  parts.coverage.replaceChildren(...coverage(review));
}

function verdict(review) {
  const engine = review.modelRan ? "A model took part." : "No model ran: static analysis only.";
  return [
    h("p", {}, h("strong", {}, sentence(review))),
    ...review.notices.map((notice) => h("p", {}, notice)),
    h("p", { class: "quiet" }, engine, " Submitted ", moment(review.createdAt), "."),
  ];
}

function sentence(review) {
  switch (review.verdict) {
    case "pass":
      return `Pass: nothing at severity ${review.options.failOn} or above, and everything was examined.`;
    case "findings":
      return `Findings at severity ${review.options.failOn} or above; everything was examined.`;
    case "incomplete":
      return "Incomplete: not everything was examined. What was found is below, and what was not examined.";
    case "failed":
      return "Failed: this review has no result.";
    case "cancelled":
      return "Cancelled: what was found until then is below.";
    default:
      return review.status === "pending" ? "Waiting for an agent …" : "Running: no verdict yet.";
  }
}

function actions(review, path) {
  if (ended(review)) {
    return ["Save the report:", ...Object.entries(REPORTS).map(([format, suffix]) => report(review, path, format, suffix))];
  }
  const button = h("button", { type: "button", click: cancel }, "Cancel");
  async function cancel() {
    button.disabled = true;
    await call("POST", `${path}/cancel`).catch((problem) => announce(problem.message));
  }
  return [button];
}

function report(review, path, format, suffix) {
  const get = () =>
    save(`${path}/report?format=${format}`, `${review.id}.${suffix}`).catch((problem) => connection(problem.message));
  return h("button", { type: "button", click: get }, format);
}

function agentCard(agent) {
  const progress = agent.units ? `${agent.unitsDone} of ${count(agent.units, "unit")}` : "";
  return h(
    "li",
    { class: "card" },
    h("h3", {}, agent.agent),
    h("p", {}, [AGENT[agent.status] ?? agent.status, progress].filter(Boolean).join(" · ")),
    ...agent.reasons.map((reason) => h("p", { class: "error" }, reason)),
    agent.engines.length > 0 && h("p", { class: "quiet" }, `Ran: ${agent.engines.join(", ")}`),
  );
}

function summary(review, shown, set_aside) {
  const parts = [shown ? count(shown, "finding") : ended(review) ? "No findings." : "None so far."];
  if (set_aside) parts.push(`${set_aside} suppressed or refuted`);
  if (review.findingsHidden) parts.push(`${review.findingsHidden} more not listed`);
  return parts.join(" · ");
}

/** Add and replace findings in place, so that the page does not jump under a reader. */
function update(container, shown) {
  const wanted = new Set(shown.map((found) => found.fingerprint));
  const present = new Map([...container.children].map((item) => [item.dataset.fingerprint, item]));
  for (const [fingerprint, item] of present) if (!wanted.has(fingerprint)) item.remove();
  for (const found of shown) {
    const version = JSON.stringify(found);
    const item = present.get(found.fingerprint);
    if (item?.version === version) continue;
    const made = h("li", { class: "finding", id: found.id, "data-fingerprint": found.fingerprint }, ...finding(found));
    made.version = version;
    if (item) item.replaceWith(made);
    else container.append(made);
  }
}

function coverage(review) {
  const gaps = review.coverage.filter((entry) => entry.state !== "reviewed");
  if (!gaps.length) return [];
  const rows = gaps.map((entry) =>
    h(
      "tr",
      {},
      h("td", {}, entry.path),
      h("td", {}, entry.agent || "all"),
      h("td", {}, [entry.state === "partly" ? "partly:" : "", entry.reason, entry.detail].filter(Boolean).join(" ")),
    ),
  );
  const titles = ["File", "Agent", "Why"].map((title) => h("th", { scope: "col" }, title));
  return [h("h2", {}, "Not examined"), h("table", {}, h("thead", {}, h("tr", {}, ...titles)), h("tbody", {}, ...rows))];
}

function ended(review) {
  return ["completed", "failed", "cancelled"].includes(review.status);
}
