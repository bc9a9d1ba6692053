// Talking to the API.

const KEY = "codereview.key";

/** An answer that was a problem document. */
export class Problem extends Error {
  constructor(document) {
    super(document.detail || document.title);
    this.document = document;
    this.status = document.status;
  }
}

/** One request; the JSON it answers. Throws Problem. */
export async function call(method, path, body) {
  const answer = await send(method, path, body);
  return answer.json();
}

/** Save an answer as a file: a plain link could not send the key. Throws Problem. */
export async function save(path, name) {
  const answer = await send("GET", path);
  const address = URL.createObjectURL(await answer.blob());
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}

/** Asks for a key when one is needed. */
async function send(method, path, body) {
  for (;;) {
    const answer = await request(method, path, body);
    if (answer.ok) return answer;
    const problem = new Problem(await readProblem(answer));
    if (problem.status !== 401) throw problem;
    await askForKey();
  }
}

function request(method, path, body) {
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

async function readProblem(answer) {
  const fallback = { status: answer.status, title: answer.statusText || "The service did not answer as expected" };
  if (!answer.headers.get("Content-Type")?.startsWith("application/problem+json")) return fallback;
  return answer.json().catch(() => fallback);
}

let asking = null;

function askForKey() {
  sessionStorage.removeItem(KEY);
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("key-dialog");
    const field = document.getElementById("key");
    dialog.addEventListener("close", function use() {
      if (!field.value.trim()) return dialog.showModal();
      dialog.removeEventListener("close", use);
      sessionStorage.setItem(KEY, field.value.trim());
      field.value = "";
      asking = null;
      resolve();
    });
    dialog.showModal();
  });
  return asking;
}
