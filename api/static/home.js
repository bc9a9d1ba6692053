// Recent reviews, and a form to start one.

import { call } from "./api.js";
import { count, h, moment, show } from "./dom.js";

const STATUS = { pending: "Waiting", running: "Running", completed: "Completed", failed: "Failed", cancelled: "Cancelled" };
const VERDICT = {
  pass: "Pass",
  findings: "Findings",
  incomplete: "Incomplete",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** Show the page. */
export function home() {
  show(h("h1", {}, "Review code"), form(), h("h2", {}, "Recent reviews"), list());
}

function form() {
  const code = h("textarea", { id: "code", spellcheck: "false", "aria-describedby": "code-hint" });
  const name = h("input", { id: "filename", placeholder: "app.py", spellcheck: "false" });
  const picker = h("input", { id: "files", type: "file", multiple: true, change: () => submitFiles(picker.files) });
  const error = h("p", { class: "error", role: "alert" });
  const button = h("button", { class: "primary" }, "Review");

  async function submit(submission) {
    error.textContent = "";
    button.disabled = true;
    try {
      const { reviewId } = await call("POST", "/api/review", submission);
      location.assign(`/review/${reviewId}`);
    } catch (problem) {
      error.textContent = problem.message;
    }
    button.disabled = false;
  }

  async function submitFiles(files) {
    const texts = await Promise.all([...files].map(async (file) => ({ path: pathOf(file), text: await file.text() })));
    if (texts.length) submit({ files: texts, label: count(texts.length, "file") });
  }

  return h(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        submit({ code: code.value, ...(name.value.trim() && { filename: name.value.trim() }) });
      },
      dragover: (event) => {
        event.preventDefault();
        event.currentTarget.classList.add("dragging");
      },
      dragleave: (event) => event.currentTarget.classList.remove("dragging"),
      drop: (event) => {
        event.preventDefault();
        event.currentTarget.classList.remove("dragging");
        submitFiles(event.dataTransfer.files);
      },
    },
    h("label", { for: "code" }, "Code"),
    h("p", { class: "quiet", id: "code-hint" }, "Paste code, or drop files anywhere on this form."),
    code,
    h("label", { for: "filename" }, "File name (tells the language)"),
    name,
    h("label", { for: "files" }, "Or choose files"),
    picker,
    h("p", { class: "buttons" }, button),
    error,
  );
}

function pathOf(file) {
  return file.webkitRelativePath || file.name;
}

function list() {
  const rows = h("tbody");
  const table = h(
    "table",
    { hidden: true },
    h("thead", {}, h("tr", {}, ...["What", "Status", "Verdict", "When"].map((title) => h("th", { scope: "col" }, title)))),
    rows,
  );
  const note = h("p", { class: "quiet" }, "Loading …");
  const more = h("button", { type: "button", hidden: true, click: () => load(more.dataset.cursor) }, "Older");

  async function load(cursor) {
    try {
      const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const page = await call("GET", `/api/reviews?limit=20${query}`);
      rows.append(...page.reviews.map(row));
      table.hidden = rows.childElementCount === 0;
      note.textContent = rows.childElementCount ? "" : "None yet.";
      more.dataset.cursor = page.nextCursor ?? "";
      more.hidden = !page.nextCursor;
    } catch (problem) {
      note.textContent = `The list cannot be shown: ${problem.message}`;
    }
  }

  load();
  return h("div", {}, table, note, more);
}

function row(review) {
  return h(
    "tr",
    {},
    h("td", {}, h("a", { href: `/review/${review.id}` }, review.source.label || review.id)),
    h("td", {}, STATUS[review.status] ?? review.status),
    h("td", {}, VERDICT[review.verdict] ?? "–"),
    h("td", {}, moment(review.createdAt)),
  );
}
