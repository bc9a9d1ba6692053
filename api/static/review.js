// One review, live.

import { actions } from "./actions.js";
import { call, of, sentence } from "./api.js";
import { coverage } from "./coverage.js";
import { announce, connection, h, refresh, show, steadily } from "./dom.js";
import { readFilters } from "./filters.js";
import { findingList } from "./list.js";
import { follow } from "./live.js";
import { overview } from "./overview.js";
import { answer, count, ended, VERDICTS } from "./words.js";

/** Show the review. */
export async function review(reviewId) {
  show(h("p", { class: "loading" }, "Loading the review …"));
  const state = { review: null, findings: new Map() };
  let live;
  try {
    await load();
  } catch (error) {
    show(h("h1", {}, "Review"), h("p", { class: "error", role: "alert" }, sentence(error)));
    return;
  }
  live = !ended(state.review);
  const top = overview();
  const buttons = h("div", { class: "buttons actions" });
  const list = findingList(reviewId, readFilters(live), { live, agents: state.review.agents.map(({ agent }) => agent) });
  const none = h("p", { class: "none" });
  const covered = h("section", { class: "coverage-place", "aria-label": "Coverage" });
  const draw = scheduled(() => steadily(() => drawAll(state, { top, buttons, list, none, covered })));

  async function load() {
    state.review = await call("GET", of(reviewId));
    state.findings = new Map(state.review.findings.map((found) => [found.fingerprint, found]));
  }

  async function reload() {
    try {
      await load();
      draw();
    } catch (error) {
      connection(`The result cannot be read: ${sentence(error)}`, "bad");
      setTimeout(reload, 3000);
    }
  }

  show(h("div", { class: "review-head" }, top.head, buttons), top.verdict, top.cards, list.element, none, covered);
  top.update(state.review, [...state.findings.values()]);
  draw();
  if (!live) return connection("");
  const clock = setInterval(draw, 1000);
  follow(reviewId, {
    onEvent(event) {
      hear(event, state);
      if (event.data.verdict) {
        clearInterval(clock);
        reload().then(() => announce(`The review has ended. ${VERDICTS[answer(state.review) ?? "incomplete"][0]}.`));
      } else draw();
    },
    onState: sayState,
    onReset: reload,
  });
}

/** How the connection is, in words. */
function sayState(name, { way, last, cuts, why }) {
  const by = { socket: "", sse: " (server-sent events)", polling: " (asking every 2 s)" }[way] ?? "";
  const resumed = cuts && name === "live" ? ", resumed" : "";
  const states = {
    connecting: ["Connecting …", "busy"],
    live: [`Live${by}${resumed}`, "good"],
    waiting: [`Connection lost; going on after event ${last} …`, "bad"],
    ended: ["", ""],
    refused: [`Not live: ${why}`, "bad"],
  };
  connection(...states[name]);
  if (name === "waiting" && last) announce("Connection lost");
  if (name === "live" && cuts) announce("Connection is back");
}

function hear(event, state) {
  const { data } = event;
  if (data.finding) {
    const known = state.findings.has(data.finding.fingerprint);
    state.findings.set(data.finding.fingerprint, data.finding);
    if (!known) announce(`${data.finding.severity}: ${data.finding.title}`);
  }
  if (event.type === "review_started") state.review.status = "running";
  if (event.type === "usage") state.review.metrics.usage = data.usage;
  const card = state.review.agents.find((each) => each.agent === event.agent);
  if (card) hearAgent(event, card);
}

function hearAgent({ type, agent, data }, card) {
  if (type === "agent_started" && card.status === "pending") card.status = "running";
  if (type === "agent_progress") {
    card.unitsDone = Math.max(card.unitsDone, data.unitsDone);
    card.units = data.units || card.units;
    card.step = data.step;
  }
  if (data.summary) Object.assign(card, data.summary, { step: "" });
  if (type !== "agent_failed") return;
  card.status = "failed";
  if (!card.reasons.includes(data.reason)) card.reasons = [...card.reasons, data.reason];
  announce(`The ${agent} agent failed: ${data.reason}`);
}

function drawAll({ review, findings }, { top, buttons, list, none, covered }) {
  const all = [...findings.values()];
  top.update(review, all);
  refresh(buttons, [review.status], () => actions(review));
  list.update(all);
  list.element.hidden = all.length === 0;
  none.hidden = all.length > 0 && !review.findingsHidden;
  none.textContent = all.length ? `${count(review.findingsHidden, "finding")} more counted, not listed.` : nothing(review);
  refresh(covered, review.coverage, () => coverage(review.coverage));
}

function nothing(review) {
  if (!ended(review)) return "No findings so far. They appear here as they are found.";
  return answer(review) === "pass" ? "No findings." : "No findings, but not everything was examined: see Coverage.";
}

/** Do it soon, once, however often it is asked for; hidden pages are not painted, but kept up to date. */
function scheduled(action) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    const run = () => {
      waiting = false;
      action();
    };
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}
