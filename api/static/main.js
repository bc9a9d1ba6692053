// The page's entry: which view the address asks for.

import { Problem, apiKey, setApiKey } from "/static/api.js";
import { el } from "/static/dom.js";
import { showHome } from "/static/home.js";
import { showReview } from "/static/review.js";

const main = document.getElementById("main");

async function show() {
  const review = location.pathname.match(/\/review\/([A-Za-z0-9_-]+)$/);
  try {
    await (review ? showReview(main, review[1]) : showHome(main));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) askForKey(problem);
    else main.replaceChildren(el("p", { class: "problem", role: "alert" }, problem.message), el("p", {}, el("a", { href: "/" }, "All reviews")));
  }
}

function askForKey(problem) {
  const key = el("input", { id: "key", type: "password", autocomplete: "off", value: apiKey() });
  const form = el("form", {}, el("label", { for: "key" }, "API key"), key, el("p", {}, el("button", { type: "submit" }, "Use this key")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setApiKey(key.value.trim());
    show();
  });
  main.replaceChildren(el("h1", {}, "An API key is needed"), el("p", { class: "problem" }, problem.message), form);
  key.focus();
}

show();
