// Which findings are listed, and in which order; kept in the address.

import { h } from "./dom.js";
import { query, setQuery } from "./place.js";
import { RANK, SEVERITIES, counted } from "./words.js";

const ORDERS = { severity: "Gravest first", file: "By file", found: "As found" };
const CONFIDENCE = { high: 0, medium: 1, low: 2 };

/** The filters, as the address has them; `live` says what order is usual. */
export function readFilters(live) {
  const asked = query();
  const order = asked.get("order");
  return {
    severities: new Set((asked.get("severity") ?? "").split(",").filter((name) => name in SEVERITIES)),
    agent: asked.get("agent") ?? "",
    text: asked.get("q") ?? "",
    aside: asked.get("aside") === "yes",
    order: order in ORDERS ? order : live ? "found" : "severity",
    chosen: order in ORDERS,
  };
}

function keep(filters) {
  setQuery({
    severity: [...filters.severities].join(","),
    agent: filters.agent,
    q: filters.text,
    aside: filters.aside ? "yes" : "",
    order: filters.chosen ? filters.order : "",
  });
}

/** Whether a finding is listed. */
export function passes(filters, finding) {
  if (!counted(finding) && !filters.aside) return false;
  if (filters.severities.size && !filters.severities.has(finding.severity)) return false;
  if (filters.agent && finding.agent !== filters.agent) return false;
  if (!filters.text) return true;
  const text = `${finding.title} ${finding.path} ${finding.ruleId} ${finding.message} cwe-${finding.cwe ?? ""}`.toLowerCase();
  return filters.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** The findings in the order that is chosen; they come in the order they were found. */
export function ordered(filters, findings) {
  if (filters.order === "found") return findings;
  const place = (a, b) => compareText(a.path, b.path) || (a.startLine ?? 0) - (b.startLine ?? 0) || compareText(a.fingerprint, b.fingerprint);
  if (filters.order === "file") return [...findings].sort((a, b) => place(a, b) || RANK[a.severity] - RANK[b.severity]);
  return [...findings].sort(
    (a, b) => RANK[a.severity] - RANK[b.severity] || CONFIDENCE[a.confidence] - CONFIDENCE[b.confidence] || place(a, b),
  );
}

function compareText(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The bar: {element, update(findings), focus()}. Calls `changed` when the reader changes a filter. */
export function filterBar(filters, agents, changed) {
  const apply = () => {
    keep(filters);
    changed();
  };
  const chips = Object.fromEntries(Object.keys(SEVERITIES).map((name) => [name, chip(name, filters, apply)]));
  const search = h("input", { type: "search", id: "search", placeholder: "Search  ( / )", "aria-label": "Search the findings", value: filters.text, autocomplete: "off" });
  search.addEventListener("input", () => {
    filters.text = search.value.trim();
    apply();
  });
  const agent = choice("Agent", { "": "All agents", ...Object.fromEntries(agents.map((name) => [name, `${name} agent`])) }, filters.agent, (value) => {
    filters.agent = value;
    apply();
  });
  const order = choice("Order", ORDERS, filters.order, (value) => {
    Object.assign(filters, { order: value, chosen: true });
    apply();
  });
  const aside = h("button", { type: "button", class: "chip", "aria-pressed": String(filters.aside) });
  aside.addEventListener("click", () => {
    filters.aside = !filters.aside;
    aside.setAttribute("aria-pressed", String(filters.aside));
    apply();
  });

  function update(findings) {
    for (const [name, button] of Object.entries(chips)) {
      const number = findings.filter((found) => counted(found) && found.severity === name).length;
      button.querySelector("b").textContent = number;
      button.dataset.empty = String(number === 0);
    }
    const set = findings.filter((found) => !counted(found)).length;
    aside.hidden = set === 0;
    aside.textContent = `${set} ignored or refuted`;
  }

  const element = h("div", { class: "filters", role: "group", "aria-label": "Filters" }, h("div", { class: "chips" }, ...Object.values(chips), aside), search, agent, order);
  return { element, update, focus: () => search.focus() };
}

function chip(name, filters, apply) {
  const button = h(
    "button",
    { type: "button", class: "chip", "data-severity": name, "aria-pressed": String(filters.severities.has(name)) },
    h("span", { "aria-hidden": "true" }, SEVERITIES[name]),
    ` ${name} `,
    h("b", {}, "0"),
  );
  button.addEventListener("click", () => {
    if (!filters.severities.delete(name)) filters.severities.add(name);
    button.setAttribute("aria-pressed", String(filters.severities.has(name)));
    apply();
  });
  return button;
}

function choice(label, options, value, chosen) {
  const select = h(
    "select",
    { "aria-label": label, change: () => chosen(select.value) },
    ...Object.entries(options).map(([name, text]) => h("option", { value: name, selected: name === value }, text)),
  );
  return select;
}
