// The list of findings and the one that is open: side by side where there is room, below its row where there is none.

import { visible } from "./code.js";
import { detail } from "./detail.js";
import { h, say } from "./dom.js";
import { filterBar, ordered, passes } from "./filters.js";
import { onKey } from "./keys.js";
import { CONFIDENCES, count, place, said, SEVERITIES } from "./words.js";

/** Rows made or moved in one go: more would hold up the reader's input. */
const CHUNK = 30;
const WIDE = matchMedia("(min-width: 64rem)");

/** The list: {element, update(findings)}. Findings come in the order they were found. */
export function findingList(reviewId, filters, { agents, live }) {
  const rows = new Map();
  const list = h("ol", { class: "rows" });
  const pane = h("div", { class: "pane", id: "pane" });
  const summary = h("p", { class: "quiet summary" });
  const split = h("div", { class: "split" }, h("div", { class: "list-side" }, summary, list), pane);
  const bar = filterBar(filters, agents, () => update(all));
  let all = [];
  let shown = [];
  let open = null;
  let pending = null;
  let wanted = live ? "named" : "any";

  function update(findings) {
    all = findings;
    bar.update(all);
    shown = ordered(filters, all.filter((found) => passes(filters, found)));
    const whole = placeRows();
    say(summary, summed());
    if (open && !shown.some((found) => found.fingerprint === open.fingerprint)) close();
    openWanted();
    cancelAnimationFrame(pending);
    if (!whole) pending = requestAnimationFrame(() => update(all));
  }

  /** Put the rows where they belong, touching only those that are not; false when some are left to be made. */
  function placeRows() {
    const wanted = new Set(shown.map((found) => found.fingerprint));
    for (const [fingerprint, row] of rows) {
      if (wanted.has(fingerprint) || !row.isConnected) continue;
      row.remove();
    }
    let moved = 0;
    let next = list.firstElementChild;
    for (const found of shown) {
      let row = rows.get(found.fingerprint);
      if (!row) {
        row = makeRow(found);
        rows.set(found.fingerprint, row);
      } else if (row.shownVersion !== found) redraw(row, found);
      if (row === next) {
        next = next.nextElementSibling;
        continue;
      }
      if ((moved += 1) > CHUNK) return false;
      list.insertBefore(row, next);
    }
    return true;
  }

  function makeRow(found) {
    const row = h("li", { class: "row", id: found.id, "data-fingerprint": found.fingerprint, "data-anchor": true });
    redraw(row, found);
    return row;
  }

  function redraw(row, found) {
    row.shownVersion = found;
    row.dataset.severity = found.severity;
    row.dataset.status = found.status;
    const head = rowHead(found, () => toggle(found.fingerprint));
    const focused = row.firstElementChild?.contains(document.activeElement);
    if (row.firstElementChild) row.firstElementChild.replaceWith(head);
    else row.append(head);
    if (focused) head.focus();
    if (open?.fingerprint === found.fingerprint) select(found.fingerprint);
  }

  function toggle(fingerprint) {
    if (open?.fingerprint === fingerprint && !WIDE.matches) close();
    else select(fingerprint, { remember: true });
  }

  function select(fingerprint, { remember = false, focus = false } = {}) {
    const found = all.find((each) => each.fingerprint === fingerprint);
    const row = rows.get(fingerprint);
    if (!found || !row) return;
    close();
    open = { fingerprint, ...detail(reviewId, found) };
    row.firstElementChild.setAttribute("aria-expanded", "true");
    arrange();
    if (remember) history.replaceState(null, "", `${location.pathname}${location.search}#${found.id}`);
    if (focus) {
      row.firstElementChild.focus({ preventScroll: true });
      row.scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    rows.get(open?.fingerprint)?.firstElementChild.setAttribute("aria-expanded", "false");
    open?.element.remove();
    open = null;
    pane.replaceChildren(h("p", { class: "empty" }, "Choose a finding to see where it is, why it matters, and what to do."));
  }

  function arrange() {
    if (!open) return;
    if (WIDE.matches) pane.replaceChildren(open.element);
    else rows.get(open.fingerprint)?.append(open.element);
  }

  function move(by) {
    const at = shown.findIndex((found) => found.fingerprint === open?.fingerprint);
    const next = shown[Math.max(0, Math.min(shown.length - 1, at < 0 ? 0 : at + by))];
    if (next) select(next.fingerprint, { remember: true, focus: true });
  }

  function summed() {
    if (!all.length) return "";
    return shown.length === all.length ? count(all.length, "finding") : `${count(shown.length, "finding")} of ${all.length} listed`;
  }

  /** Open the finding the address names as soon as its row is there; without one, the first where there is room. */
  function openWanted() {
    if (!wanted) return;
    const id = decodeURIComponent(location.hash.slice(1));
    const named = all.find((each) => each.id === id);
    if (!named && !(wanted === "any" && WIDE.matches)) return;
    const found = named ?? shown[0];
    if (!rows.get(found?.fingerprint)?.isConnected) return;
    wanted = "";
    select(found.fingerprint);
    if (named) rows.get(found.fingerprint).scrollIntoView({ block: "center" });
  }

  function openNamed() {
    wanted = "named";
    openWanted();
  }

  WIDE.addEventListener("change", arrange);
  addEventListener("hashchange", openNamed);
  onKey("j", "Next finding", () => move(1));
  onKey("k", "Previous finding", () => move(-1));
  onKey("/", "Search the findings", () => bar.focus());
  onKey("]", "Next step of the data flow", () => open?.step(1));
  onKey("[", "Previous step of the data flow", () => open?.step(-1));
  onKey("Escape", "Close the finding", () => (open && !WIDE.matches ? close() : false));
  close();
  const element = h("section", { class: "findings", "aria-labelledby": "findings-title" }, h("h2", { id: "findings-title" }, "Findings"), bar.element, split);
  return { element, update };
}

function rowHead(found, click) {
  return h(
    "button",
    { type: "button", class: "row-head", "aria-expanded": "false", click },
    h("span", { class: "severity", "data-severity": found.severity }, h("span", { "aria-hidden": "true" }, SEVERITIES[found.severity]), ` ${found.severity}`),
    h("span", { class: "row-title" }, visible(found.title)),
    h("span", { class: "row-place path" }, visible(place(found))),
    h(
      "span",
      { class: "row-facts" },
      h("span", { class: "dots", "aria-hidden": "true" }, CONFIDENCES[found.confidence]),
      ` ${found.confidence} confidence · ${visible(said(found))}`,
      found.trace.length ? ` · ${count(found.trace.length, "step")}` : "",
      found.fix ? " · fix" : "",
      found.status === "candidate" ? " · not verified yet" : "",
      found.status === "suppressed" ? " · ignored" : "",
      found.status === "refuted" ? " · refuted" : "",
    ),
  );
}
