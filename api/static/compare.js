// Two reviews side by side: what is new, what is fixed, what is the same, by fingerprint.

import { call, of, sentence } from "./api.js";
import { visible } from "./code.js";
import { h, show } from "./dom.js";
import { badge } from "./history.js";
import { pageAddress, query } from "./place.js";
import { answer, count, counted, place, RANK, SEVERITIES } from "./words.js";

const KINDS = { fresh: ["New", "+"], fixed: ["Fixed", "✓"], same: ["Same", "="] };

/** Show the page; the address names the reviews: ?base=…&head=…. */
export async function compare() {
  document.title = "Compare · codereview";
  const asked = query();
  try {
    const { reviews } = await call("GET", "api/reviews?limit=100");
    const head = asked.get("head") || reviews[0]?.id;
    const base = asked.get("base") || before(reviews, head);
    const form = chooser(reviews, base, head);
    if (!base || !head) return show(h("h1", {}, "Compare two reviews"), form, h("p", {}, "There are not two reviews to compare yet."));
    const [older, newer] = await Promise.all([call("GET", of(base)), call("GET", of(head))]);
    show(h("h1", {}, "Compare two reviews"), form, ...result(older, newer));
  } catch (error) {
    show(h("h1", {}, "Compare two reviews"), h("p", { class: "error", role: "alert" }, sentence(error)));
  }
}

/** The review before this one, of the same thing if there is one. */
function before(reviews, head) {
  const at = reviews.findIndex((review) => review.id === head);
  const older = reviews.slice(at + 1);
  return (older.find((review) => review.source.label === reviews[at]?.source.label) ?? older[0])?.id;
}

/** Which findings are new, fixed and the same. */
export function difference(older, newer) {
  const was = new Map(older.findings.filter(counted).map((found) => [found.fingerprint, found]));
  const is = new Map(newer.findings.filter(counted).map((found) => [found.fingerprint, found]));
  return {
    fresh: [...is.values()].filter((found) => !was.has(found.fingerprint)),
    fixed: [...was.values()].filter((found) => !is.has(found.fingerprint)),
    same: [...is.values()].filter((found) => was.has(found.fingerprint)),
  };
}

function chooser(reviews, base, head) {
  const select = (name, words, value) => {
    const known = reviews.some((review) => review.id === value) || !value ? reviews : [{ id: value, source: { label: value } }, ...reviews];
    const options = known.map((review) => h("option", { value: review.id, selected: review.id === value }, named(review)));
    return h("div", {}, h("label", { for: name }, words), h("select", { id: name, name }, ...options));
  };
  const go = (event) => {
    event.preventDefault();
    location.assign(pageAddress("compare", Object.fromEntries(new FormData(event.currentTarget))));
  };
  return h("form", { class: "chooser", submit: go }, select("base", "Before", base), select("head", "After", head), h("button", { class: "primary" }, "Compare"));
}

function named(review) {
  const when = review.createdAt ? `, ${new Date(review.createdAt).toLocaleString()}` : "";
  return visible((review.source.label || review.id) + when);
}

function result(older, newer) {
  const sets = difference(older, newer);
  const partial = [older, newer].filter((review) => !["pass", "findings"].includes(answer(review)));
  return [
    partial.length > 0 && h("div", { class: "notice", role: "note" }, h("p", {}, h("strong", {}, "◐ Not everything was examined "), `in ${partial.length === 2 ? "either review" : `“${visible(partial[0].source.label || partial[0].id)}”`}. What is missing there may not have been looked for.`)),
    h("div", { class: "sides" }, side("Before", older), side("After", newer)),
    h("ul", { class: "tally", "aria-label": "Difference" }, ...Object.entries(KINDS).map(([kind, [word, shape]]) => h("li", { "data-kind": kind }, h("b", {}, String(sets[kind].length)), ` ${shape} ${word.toLowerCase()}`))),
    ...Object.entries(KINDS).map(([kind, [word]]) => section(kind, word, sets[kind], kind === "fixed" ? older : newer)),
  ];
}

function side(word, review) {
  return h("p", {}, h("span", { class: "quiet" }, `${word}: `), h("a", { href: pageAddress(`review/${review.id}`) }, visible(review.source.label || review.id)), " ", badge(review));
}

function section(kind, word, findings, review) {
  const sorted = [...findings].sort((a, b) => RANK[a.severity] - RANK[b.severity] || (a.path < b.path ? -1 : 1));
  return h(
    "details",
    { class: "difference", "data-kind": kind, open: kind !== "same" && findings.length > 0 },
    h("summary", {}, h("h2", {}, `${word}: ${count(findings.length, "finding")}`)),
    h("ol", { class: "rows plain" }, ...sorted.map((found) => row(found, review))),
  );
}

function row(found, review) {
  return h(
    "li",
    { class: "row", "data-fingerprint": found.fingerprint, "data-severity": found.severity },
    h(
      "a",
      { class: "row-head", href: `${pageAddress(`review/${review.id}`)}#${found.id}` },
      h("span", { class: "severity", "data-severity": found.severity }, h("span", { "aria-hidden": "true" }, SEVERITIES[found.severity]), ` ${found.severity}`),
      h("span", { class: "row-title" }, visible(found.title)),
      h("span", { class: "row-place path" }, visible(place(found))),
    ),
  );
}
