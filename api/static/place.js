// Where things are: the page may be served under any path, and from another origin than the API.

import { read } from "./storage.js";

/** The folder the page is served from, with a slash at its end. */
export const ROOT = new URL("../", import.meta.url);

const CONFIGURED = document.querySelector('meta[name="codereview-api"]')?.content ?? "";

/** Where the API is, with a slash at its end: chosen in the settings, else built into the page, else its own root. */
export function apiRoot() {
  const chosen = read("api") || CONFIGURED;
  return new URL(chosen ? `${chosen.replace(/\/+$/, "")}/` : ".", chosen ? undefined : ROOT);
}

/** The address of something of the API, e.g. "api/reviews". */
export function apiAddress(path) {
  return new URL(path, apiRoot());
}

/** Whether this page comes from the service itself, which then knows its addresses. */
function servedByApi() {
  return apiRoot().href === ROOT.href;
}

/**
 * The address of a page of this site: "" (new review), "history", "review/ID" or "compare".
 * A file store knows only the document itself, so there the page is named in the query.
 */
export function pageAddress(page, query = {}) {
  const asked = new URLSearchParams(query);
  if (!servedByApi() && page) asked.set("page", page);
  const address = new URL(servedByApi() ? page : ".", ROOT);
  address.search = asked.toString();
  return address.href;
}

/** The page the address bar names, and the id in it. */
export function here() {
  const path = location.pathname.startsWith(ROOT.pathname) ? location.pathname.slice(ROOT.pathname.length) : "";
  const page = new URLSearchParams(location.search).get("page") ?? decodeURIComponent(path);
  const [name, id] = page.split("/");
  return name === "index.html" ? { name: "", id: undefined } : { name, id };
}

/** What the query string says, without what names the page. */
export function query() {
  const asked = new URLSearchParams(location.search);
  asked.delete("page");
  return asked;
}

/** Put filters and the like into the address bar, without a step in the history. */
export function setQuery(values) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  history.replaceState(history.state, "", address);
}
