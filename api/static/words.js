// The words and shapes of the page. Nothing is told by colour alone.

/** Severities, the gravest first, each with its shape. */
export const SEVERITIES = { critical: "‼", high: "▲", medium: "■", low: "●", info: "○" };
export const RANK = Object.fromEntries(Object.keys(SEVERITIES).map((name, index) => [name, index]));
export const CONFIDENCES = { high: "●●●", medium: "●●○", low: "●○○" };

export const STATUSES = {
  pending: "Waiting",
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** Verdicts: a word, a shape. */
export const VERDICTS = {
  pass: ["Pass", "✓"],
  findings: ["Blocks merge", "✕"],
  incomplete: ["Incomplete", "◐"],
  failed: ["Failed", "!"],
  cancelled: ["Cancelled", "⊘"],
};

export const AGENT_STATES = {
  pending: ["waiting for a worker", "◌"],
  running: ["running", "◑"],
  ok: ["done", "✓"],
  partial: ["done, with gaps", "◐"],
  failed: ["failed", "✕"],
  cancelled: ["cancelled", "⊘"],
};

export const CHECKS = {
  applies: "applies",
  parses: "parses",
  clearsFinding: "clears the finding",
  addsNone: "adds none",
};
export const CHECK_SHAPES = { passed: "✓", failed: "✕", "not run": "–" };

/** Reasons for leaving a file out that nobody minds. */
export const EXPECTED = new Set([
  "generated", "vendored", "binary", "empty", "unsupported", "excluded", "deleted", "only the diff was given", "context left out",
]);

/** "1 finding", "2,000 findings". */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** "0.4 s", "2 min 5 s". */
export function duration(milliseconds) {
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** "$0.07", "$0.0004". */
export function dollars(amount) {
  return `$${amount.toFixed(amount && amount < 0.01 ? 4 : 2)}`;
}

export function counted(finding) {
  return finding.status === "candidate" || finding.status === "confirmed";
}

export function ended(review) {
  return ["completed", "failed", "cancelled"].includes(review.status);
}

/** Files that should have been examined and were not. */
export function gaps(review) {
  return review.coverage.filter((entry) => entry.state !== "reviewed" && !EXPECTED.has(entry.reason));
}

/** Agents whose answer is missing. */
export function lost(review) {
  return review.agents.filter((agent) => agent.status === "failed" || agent.status === "cancelled");
}

/** The verdict to show: a gap is never shown as a clean answer, whatever the review says. */
export function answer(review) {
  if (!ended(review)) return null;
  if (review.verdict !== "pass" && review.verdict !== "findings") return review.verdict ?? "incomplete";
  const whole = review.status === "completed" && review.outcome === "complete" && !gaps(review).length && !lost(review).length;
  return whole ? review.verdict : "incomplete";
}

/** "src/app.py:12–14". */
export function place(finding) {
  if (!finding.startLine) return `${finding.path} (whole file)`;
  const last = finding.endLine > finding.startLine ? `–${finding.endLine}` : "";
  return `${finding.path}:${finding.startLine}${last}`;
}

/** "security agent, bandit B602, confirmed 3 of 3". */
export function said(finding) {
  const reporters = finding.provenance.filter((entry) => !entry.verdict);
  const votes = finding.provenance.filter((entry) => entry.verdict);
  const names = reporters.map(({ source, rule }) => [source, rule].filter(Boolean).join(" "));
  const parts = [`${finding.agent} agent`, ...new Set(names)];
  if (votes.length) {
    const confirmed = votes.filter((vote) => vote.verdict === "confirmed").length;
    parts.push(confirmed ? `confirmed ${confirmed} of ${votes.length}` : `refuted ${votes.length} of ${votes.length}`);
  }
  return parts.join(", ");
}
