// What a reader sees first of a review: the answer, the agents, the bill.

import { visible } from "./code.js";
import { h, refresh, say } from "./dom.js";
import { AGENT_STATES, answer, count, counted, dollars, duration, ended, gaps, lost, RANK, STATUSES, VERDICTS } from "./words.js";

/** The top of the page: {element, update(review, findings)}. */
export function overview() {
  const title = h("h1");
  const facts = h("p", { class: "quiet facts-line" });
  const elapsed = h("span", { class: "elapsed" });
  const verdict = h("div", { class: "verdict", role: "group", "aria-label": "Verdict" });
  const agents = h("ul", { class: "cards", "aria-label": "Agents" });
  const meter = h("div", { class: "meter-place" });
  const cards = h("div", { class: "agents" }, agents, meter);

  function update(review, findings) {
    const name = visible(review.source.label || review.id);
    say(title, name);
    document.title = `${titleMark(review)} ${name} · codereview`;
    refresh(facts, [review.source, review.status, review.createdAt], () => factsOf(review, elapsed));
    say(elapsed, elapsedOf(review));
    verdict.dataset.verdict = answer(review) ?? "none";
    refresh(verdict, [review.status, review.verdict, review.notices, review.agents, findings.length && worst(review, findings)], () => verdictOf(review, findings));
    updateAgents(agents, review.agents, findings);
    refresh(meter, [review.metrics.usage, review.engine, review.status], () => meterOf(review));
  }

  return { head: h("div", { class: "head" }, title, facts), verdict, cards, update };
}

function titleMark(review) {
  const verdict = answer(review);
  return verdict ? `${VERDICTS[verdict][1]} ${VERDICTS[verdict][0]}:` : `${STATUSES[review.status]}:`;
}

function factsOf(review, elapsed) {
  const { source } = review;
  const parts = [STATUSES[review.status], count(source.files, "file"), count(source.lines, "line"), source.languages.join(", "), source.revision && `revision ${source.revision}`];
  const when = new Date(review.createdAt);
  return [parts.filter(Boolean).join(" · "), " · ", h("time", { datetime: when.toISOString() }, when.toLocaleString()), " · ", elapsed];
}

function elapsedOf(review) {
  const until = review.completedAt ?? Date.now();
  const taken = ended(review) && review.metrics.durationMs ? review.metrics.durationMs : Math.max(0, until - review.createdAt);
  return ended(review) ? `took ${duration(taken)}` : `${Math.round(taken / 1000)} s so far`;
}

function worst(review, findings) {
  const limit = RANK[review.options.failOn];
  return findings.filter((found) => counted(found) && found.inDiff && RANK[found.severity] <= limit).length;
}

function verdictOf(review, findings) {
  const verdict = answer(review);
  const blocking = worst(review, findings);
  const [word, shape] = verdict ? VERDICTS[verdict] : [STATUSES[review.status], "…"];
  const notices = review.notices.filter(Boolean).map((notice) => h("li", {}, visible(notice)));
  return [
    h("p", { class: "verdict-word" }, h("span", { class: "verdict-shape", "aria-hidden": "true" }, shape), word),
    h("div", { class: "verdict-text" }, h("p", {}, sentence(review, verdict, blocking)), notices.length > 0 && h("ul", {}, ...notices)),
  ];
}

function sentence(review, verdict, blocking) {
  const limit = review.options.failOn;
  const found = blocking ? ` ${count(blocking, "finding")} at or above ${limit} all the same.` : "";
  switch (verdict) {
    case "pass":
      return `Everything was examined, and nothing at or above ${limit} was found.`;
    case "findings":
      return `${count(blocking, "finding")} at or above ${limit}. Everything was examined.`;
    case "incomplete":
      return `${shortfall(review)} This is no clean answer.${found}`;
    case "failed":
      return `The review has no result.${found}`;
    case "cancelled":
      return `Stopped before the end. What was found until then is below.${found}`;
    default:
      return review.status === "pending" ? "Waiting for a worker to take it." : blocking ? `${count(blocking, "finding")} at or above ${limit} so far.` : `Nothing at or above ${limit} so far.`;
  }
}

/** "security agent failed; 3 files were not examined." */
function shortfall(review) {
  const files = new Set(gaps(review).map((entry) => entry.path)).size;
  const parts = lost(review).map((agent) => `${agent.agent} agent ${agent.status}`);
  if (files) parts.push(`${count(files, "file")} ${files === 1 ? "was" : "were"} not fully examined`);
  const all = parts.join("; ");
  return all ? `${all[0].toUpperCase()}${all.slice(1)}.` : "Not everything was examined.";
}

function updateAgents(list, agents, findings) {
  for (const agent of agents) {
    const card = [...list.children].find((each) => each.dataset.agent === agent.agent) ?? list.appendChild(h("li", { class: "card", "data-agent": agent.agent }));
    const found = findings.filter((each) => each.agent === agent.agent && counted(each)).length;
    card.dataset.status = agent.status;
    refresh(card, [agent, found], () => agentCard(agent, found));
  }
}

function agentCard(agent, found) {
  const [words, shape] = AGENT_STATES[agent.status] ?? [agent.status, "?"];
  const bar = h("progress", { max: agent.units || 1, value: agent.unitsDone, "aria-label": `Progress of the ${agent.agent} agent` });
  return [
    h("p", { class: "card-head" }, h("strong", {}, `${agent.agent} agent`), h("span", { class: "state" }, h("span", { "aria-hidden": "true" }, shape), ` ${words}`)),
    bar,
    h("p", { class: "quiet" }, `${count(found, "finding")} · ${agent.unitsDone} of ${count(agent.units, "unit")}`, agent.step && ` · ${agent.step}`),
    ...agent.reasons.map((reason) => h("p", { class: "reason" }, visible(reason))),
    agent.engines.length > 0 && h("p", { class: "quiet engines" }, agent.engines.join(", ")),
  ];
}

function meterOf(review) {
  const { usage } = review.metrics;
  const budget = review.options.budgetUsd;
  const tokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens;
  const ran = review.modelRan || tokens > 0;
  return h(
    "div",
    { class: "card meter" },
    h("p", { class: "card-head" }, h("strong", {}, "Model"), h("span", { class: "state" }, ran ? dollars(usage.costUsd) : "no cost")),
    budget ? h("meter", { max: budget, value: Math.min(budget, usage.costUsd), "aria-label": "Share of the budget" }) : null,
    h("p", { class: "quiet" }, ran ? `${count(tokens, "token")} · ${count(usage.requests, "request")}${budget ? ` · budget ${dollars(budget)}` : ""}` : ended(review) ? "No model ran: static analysis only." : "No model has been asked so far."),
  );
}
