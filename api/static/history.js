// Earlier reviews, the newest first; two of them can be compared.

import { call, sentence } from "./api.js";
import { visible } from "./code.js";
import { h, show } from "./dom.js";
import { pageAddress, query, setQuery } from "./place.js";
import { STATUSES, VERDICTS } from "./words.js";

const PAGE = 25;

/** Show the page. */
export function history() {
  const rows = h("tbody");
  const table = h(
    "table",
    { class: "history", hidden: true },
    h("thead", {}, h("tr", {}, ...["Compare", "What", "Verdict", "Findings", "When"].map((title) => h("th", { scope: "col" }, title)))),
    rows,
  );
  const note = h("p", { class: "quiet", role: "status" }, "Loading …");
  const more = h("button", { type: "button", hidden: true, click: () => load(more.dataset.cursor) }, "Older");
  const status = h(
    "select",
    { "aria-label": "Status", change: again },
    h("option", { value: "" }, "Every status"),
    ...Object.entries(STATUSES).map(([value, words]) => h("option", { value, selected: query().get("status") === value }, words)),
  );
  const compare = h("button", { type: "button", class: "primary", disabled: true, click: go }, "Compare the two chosen");

  function chosen() {
    return [...rows.querySelectorAll("input:checked")].map((box) => box.value);
  }

  function check() {
    const two = chosen();
    compare.disabled = two.length !== 2;
    for (const box of rows.querySelectorAll("input")) box.disabled = two.length === 2 && !box.checked;
  }

  function go() {
    const [head, base] = chosen();
    location.assign(pageAddress("compare", { base, head }));
  }

  function again() {
    setQuery({ status: status.value });
    rows.replaceChildren();
    check();
    load("");
  }

  async function load(cursor) {
    const asked = new URLSearchParams({ limit: PAGE });
    if (status.value) asked.set("status", status.value);
    if (cursor) asked.set("cursor", cursor);
    try {
      const page = await call("GET", `api/reviews?${asked}`);
      rows.append(...page.reviews.map((review) => row(review, check)));
      table.hidden = rows.childElementCount === 0;
      note.textContent = rows.childElementCount ? "" : "No reviews yet.";
      more.dataset.cursor = page.nextCursor ?? "";
      more.hidden = !page.nextCursor;
    } catch (error) {
      note.textContent = `The list cannot be shown: ${sentence(error)}`;
    }
  }

  show(h("h1", {}, "History"), h("div", { class: "buttons" }, status, compare), note, h("div", { class: "table-place" }, table), more);
  document.title = "History · codereview";
  load(query().get("cursor"));
}

function row(review, check) {
  const label = visible(review.source.label || review.id);
  const when = new Date(review.createdAt);
  return h(
    "tr",
    {},
    h("td", { class: "pick" }, h("input", { type: "checkbox", value: review.id, "aria-label": `Compare ${label}, ${when.toLocaleString()}`, change: check })),
    h("td", { class: "what" }, h("a", { href: pageAddress(`review/${review.id}`) }, label)),
    h("td", {}, badge(review)),
    h("td", {}, String(review.metrics.findingCount)),
    h("td", { class: "quiet" }, h("time", { datetime: when.toISOString() }, when.toLocaleString())),
  );
}

/** The verdict of a review of a list, or its status. */
export function badge(review) {
  const [words, shape] = VERDICTS[review.verdict] ?? [STATUSES[review.status], "…"];
  return h("span", { class: "verdict-badge", "data-verdict": review.verdict ?? "none" }, h("span", { "aria-hidden": "true" }, shape), ` ${words}`);
}
