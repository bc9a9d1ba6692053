// Starting a review: paste, drop or choose; see what it will cost; go.

import { call, Problem, sentence } from "./api.js";
import { h, refresh, show } from "./dom.js";
import { query } from "./place.js";
import { submit } from "./submitting.js";
import { count, dollars } from "./words.js";

const PAUSE = 500;
const AGENTS = { security: "Security: injection, secrets, unsafe calls, data flow", bug: "Bugs: logic, resources, errors, performance" };
const EFFORTS = { quick: "Quick", standard: "Standard", thorough: "Thorough" };
const SEVERITIES = ["critical", "high", "medium", "low", "info"];

/** Show the page. */
export function start() {
  const state = { files: [], diff: null };
  const code = h("textarea", { id: "code", spellcheck: "false", autocapitalize: "off", placeholder: "def pay(order): …", "aria-describedby": "code-hint" });
  const name = h("input", { id: "filename", placeholder: "app.py", spellcheck: "false", autocomplete: "off" });
  const files = picker("files", "Choose files", {});
  const folder = picker("folder", "Choose a folder", { webkitdirectory: true });
  const chosen = h("div", { class: "chosen", "aria-live": "polite" });
  const estimate = h("div", { class: "estimate", id: "estimate", role: "status" });
  const error = h("p", { class: "error", role: "alert" });
  const button = h("button", { class: "primary large", "aria-describedby": "estimate" }, "Start review");
  const options = optionFields();

  async function take(list) {
    const read = await Promise.all([...list].map(async (file) => ({ path: file.webkitRelativePath || file.name, text: await file.text() })));
    const patch = read.find((file) => /\.(diff|patch)$/i.test(file.path));
    if (patch && read.length === 1) Object.assign(state, { diff: patch, files: [] });
    else Object.assign(state, { diff: null, files: [...state.files.filter((old) => !read.some((file) => file.path === old.path)), ...read] });
    changed();
  }

  function submission() {
    const asked = { options: options.read() };
    if (state.diff) return { ...asked, diff: state.diff.text, label: state.diff.path };
    if (state.files.length) return { ...asked, files: state.files, label: state.files.length === 1 ? state.files[0].path : count(state.files.length, "file") };
    if (isPatch(code.value)) return { ...asked, diff: code.value, label: name.value.trim() || "pasted patch" };
    return { ...asked, code: code.value, ...(name.value.trim() && { filename: name.value.trim() }) };
  }

  function changed() {
    error.textContent = "";
    const given = state.diff ? [state.diff] : state.files;
    code.disabled = name.disabled = given.length > 0;
    refresh(chosen, given.map(({ path, text }) => [path, text.length]), () => list(given, (path) => {
      Object.assign(state, { diff: null, files: state.files.filter((file) => file.path !== path) });
      changed();
    }));
    options.check();
    forecast(submission(), given.length > 0 || code.value.trim() !== "", estimate, button);
  }

  async function go(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      await submit(submission());
    } catch (problem) {
      error.textContent = sentence(problem);
      button.disabled = false;
    }
  }

  for (const each of [files, folder]) each.input.addEventListener("change", () => take(each.input.files));
  const form = h(
    "form",
    { class: "start", submit: go, input: changed, ...dropping(take) },
    h(
      "div",
      { class: "start-main" },
      h("label", { for: "code" }, "Code or patch"),
      h("p", { class: "quiet", id: "code-hint" }, "Paste code or a unified diff, or drop files or a .patch anywhere on this form."),
      code,
      h("p", { class: "buttons" }, files.button, folder.button),
      chosen,
      h("label", { for: "filename" }, "File name ", h("span", { class: "quiet" }, "tells the language of pasted code")),
      name,
    ),
    h("div", { class: "start-side" }, options.element, h("h2", {}, "Estimate"), estimate, button, error),
  );
  show(h("h1", {}, "Review code"), h("p", { class: "lead" }, "Several agents read your code side by side. Findings appear as they are found, each with its place, its reason and, where it is proved, a fix."), form);
  document.title = "New review · codereview";
  if (query().get("focus") !== "no") code.focus({ preventScroll: true });
  changed();
}

function isPatch(text) {
  return /^(diff --git |--- (a\/|\/dev\/null)|Index: )/m.test(text) && /^@@ /m.test(text);
}

function picker(id, words, attributes) {
  const input = h("input", { id, type: "file", multiple: true, class: "visually-hidden", tabindex: "-1", "aria-label": words, ...attributes });
  const button = h("span", {}, input, h("button", { type: "button", click: () => input.click() }, words, " …"));
  return { input, button };
}

function list(files, remove) {
  const shown = files.slice(0, 12);
  const more = files.length - shown.length;
  return h(
    "ul",
    { "aria-label": "Chosen files" },
    ...shown.map(({ path, text }) =>
      h("li", {}, h("span", { class: "path" }, path), h("span", { class: "quiet" }, ` ${count(text.split("\n").length, "line")}`), h("button", { type: "button", class: "small", "aria-label": `Remove ${path}`, click: () => remove(path) }, "✕")),
    ),
    more > 0 && h("li", { class: "quiet" }, `and ${more} more`),
  );
}

function dropping(take) {
  const mark = (on) => (event) => {
    event.preventDefault();
    event.currentTarget.classList.toggle("dragging", on);
  };
  return {
    dragover: mark(true),
    dragleave: mark(false),
    drop(event) {
      mark(false)(event);
      take(event.dataTransfer.files);
    },
  };
}

function optionFields() {
  const agents = Object.entries(AGENTS).map(([name, words]) => {
    const box = h("input", { type: "checkbox", name: "agent", value: name, checked: true });
    return { box, label: h("label", { class: "check" }, box, words) };
  });
  const failOn = select("fail-on", Object.fromEntries(SEVERITIES.map((name) => [name, name])), "high");
  const effort = select("effort", EFFORTS, "standard");
  const budget = h("input", { id: "budget", type: "number", min: "0.01", step: "0.01", placeholder: "no limit of its own" });
  const element = h(
    "fieldset",
    { class: "options" },
    h("legend", {}, "Agents"),
    ...agents.map(({ label }) => label),
    h("details", {}, h("summary", {}, "More options"), h("label", { for: "fail-on" }, "Blocks merge from severity"), failOn, h("label", { for: "effort" }, "Effort of the model"), effort, h("label", { for: "budget" }, "Budget in US dollars"), budget),
  );
  return {
    element,
    read: () => ({ agents: agents.filter(({ box }) => box.checked).map(({ box }) => box.value), failOn: failOn.value, effort: effort.value, ...(Number(budget.value) > 0 && { budgetUsd: Number(budget.value) }) }),
    check: () => agents[0].box.setCustomValidity(agents.some(({ box }) => box.checked) ? "" : "Choose at least one agent."),
  };
}

function select(id, options, value) {
  return h("select", { id }, ...Object.entries(options).map(([name, words]) => h("option", { value: name, selected: name === value }, words)));
}

let timer = null;
let asking = null;

/** Say what it will be, first by what the page itself can tell, then by what the service says. */
function forecast(submission, something, place, button) {
  clearTimeout(timer);
  asking?.abort();
  button.disabled = !something;
  if (!something) return refresh(place, "nothing", () => h("p", { class: "quiet" }, "Nothing to review yet."));
  const size = measured(submission);
  refresh(place, ["size", size], () => [h("p", { class: "figures" }, size), h("p", { class: "quiet" }, "Asking what it costs …")]);
  timer = setTimeout(async () => {
    asking = new AbortController();
    try {
      const said = await call("POST", "api/review/estimate", submission, { signal: asking.signal });
      refresh(place, ["said", size, said], () => estimated(size, said));
    } catch (error) {
      if (error.name === "AbortError") return;
      const known = error instanceof Problem && ![404, 405].includes(error.status);
      refresh(place, ["error", size, error.message], () => [h("p", { class: "figures" }, size), known && h("p", { class: "reason" }, sentence(error))]);
    }
  }, PAUSE);
}

function measured({ code, files, diff }) {
  const texts = files ? files.map((file) => file.text) : [diff ?? code];
  const lines = texts.reduce((sum, text) => sum + text.split("\n").length, 0);
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  const what = diff === undefined ? count(texts.length, "file") : "1 patch";
  return `${what}, ${count(lines, "line")}, ${bytes < 1000 ? `${bytes} bytes` : `${(bytes / 1000).toFixed(1)} kB`}`;
}

function estimated(size, said) {
  const model = said.modelConfigured
    ? [
        h("p", { class: "cost" }, h("b", {}, `about ${dollars(said.costUsd)}`), ` at most ${dollars(said.mostUsd)}`),
        h("p", { class: "quiet" }, `${count(said.calls, "call")} to ${said.model}, ${count(said.inputTokens + said.outputTokens, "token")} in ${count(said.chunks, "batch").replace("batchs", "batches")}`),
      ]
    : [h("p", { class: "cost" }, h("b", {}, dollars(0)), " static analysis only")];
  return [h("p", { class: "figures" }, size), ...model, ...said.notes.map((note) => h("p", { class: "quiet" }, note))];
}
