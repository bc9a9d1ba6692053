// Talking to the API.

import { h } from "./dom.js";
import { apiAddress } from "./place.js";
import { read, write } from "./storage.js";

/** An answer that was a problem document. */
export class Problem extends Error {
  constructor(document) {
    super(document.detail || document.title);
    this.document = document;
    this.status = document.status;
  }
}

/** One request; the JSON it answers. Throws Problem, or TypeError when the service cannot be reached. */
export async function call(method, path, body, { headers = {}, signal } = {}) {
  const answer = await send(method, path, { body, headers, signal });
  return answer.json();
}

/** The text of an answer. Throws Problem. */
export async function text(path) {
  const answer = await send("GET", path, {});
  return answer.text();
}

/** The path of a review, or of something of it. */
export function of(reviewId, part = "") {
  return `api/review/${encodeURIComponent(reviewId)}${part}`;
}

/** What to say of an error. */
export function sentence(error) {
  return error instanceof Problem ? error.message : "The service cannot be reached.";
}

/** Asks for a key when one is needed. */
async function send(method, path, options) {
  for (;;) {
    const answer = await request(method, path, options);
    if (answer.ok) return answer;
    const problem = new Problem(await readProblem(answer));
    if (problem.status !== 401) throw problem;
    await askForKey();
  }
}

function request(method, path, { body, headers = {}, signal }) {
  const sent = { ...headers };
  const key = read("key");
  if (key) sent.Authorization = `Bearer ${key}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const data = body === undefined ? undefined : JSON.stringify(body);
  return fetch(apiAddress(path), { method, headers: sent, body: data, signal, credentials: "omit" });
}

async function readProblem(answer) {
  const fallback = { status: answer.status, title: answer.statusText || "The service did not answer as expected" };
  if (!answer.headers.get("Content-Type")?.startsWith("application/problem+json")) return fallback;
  return answer.json().catch(() => fallback);
}

let asking = null;

function askForKey() {
  asking ??= new Promise((resolve) => {
    const field = h("input", { id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true });
    const keep = h("input", { type: "checkbox", id: "keep-key" });
    const dialog = h(
      "dialog",
      { "aria-labelledby": "key-title", class: "dialog", cancel: (event) => event.preventDefault() },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "key-title" }, "API key"),
        h("p", {}, read("key") ? "The service did not accept the key. Give another one." : "This service asks for a key."),
        h("label", { for: "key" }, "Key"),
        field,
        h("label", { class: "check" }, keep, "Remember it in this browser"),
        h("p", { class: "buttons" }, h("button", { class: "primary" }, "Use this key")),
      ),
    );
    dialog.addEventListener("close", () => {
      if (!field.value.trim()) return dialog.showModal();
      write("key", field.value.trim(), { tab: !keep.checked });
      dialog.remove();
      asking = null;
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}
