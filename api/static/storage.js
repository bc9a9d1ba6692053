// What the page remembers in this browser. Where storage is switched off it forgets, and works.

const PREFIX = "codereview.";
const memory = new Map();

/** What is kept under a name: in this tab, else in this browser; "" when nothing is. */
export function read(name) {
  return attempt(() => sessionStorage.getItem(PREFIX + name) ?? localStorage.getItem(PREFIX + name)) ?? memory.get(name) ?? "";
}

/** Keep a text in this browser, or with `tab` until the tab is closed; "" forgets it. */
export function write(name, text, { tab = false } = {}) {
  memory.set(name, text);
  attempt(() => sessionStorage.removeItem(PREFIX + name));
  attempt(() => localStorage.removeItem(PREFIX + name));
  if (text) attempt(() => (tab ? sessionStorage : localStorage).setItem(PREFIX + name, text));
}

/** Call back with a name when another tab changed what is kept under it. */
export function onChange(listener) {
  addEventListener("storage", ({ key }) => key?.startsWith(PREFIX) && listener(key.slice(PREFIX.length)));
}

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined; // switched off, or full
  }
}
