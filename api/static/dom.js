// Building the page. Everything a review says goes through here as text, never as markup.

/** An element with attributes (a function is a listener) and children; null and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** Replace what is shown. */
export function show(...children) {
  document.getElementById("main").replaceChildren(...children.filter(Boolean));
}

/** Set an element's text, touching it only when it changes. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Replace an element's content, but only when `version` is another than last time. */
export function refresh(element, version, make) {
  const key = JSON.stringify(version);
  if (element.shownVersion === key) return;
  element.shownVersion = key;
  element.replaceChildren(...[make()].flat(2).filter((child) => child !== null && child !== false && child !== undefined));
}

let heard = [];
let speaking = null;

/** Say something to screen readers; what comes within a second is said together. */
export function announce(text) {
  heard.push(text);
  speaking ??= setTimeout(() => {
    const said = heard.length > 3 ? [...heard.slice(0, 2), `and ${heard.length - 2} more`] : heard;
    document.getElementById("announcer").textContent = said.join(". ");
    heard = [];
    speaking = null;
  }, 1000);
}

let fading = null;

/** Show a short message for a few seconds. */
export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => (place.textContent = ""), 5000);
}

/** Say how the live connection is; `kind` is good, busy or bad. */
export function connection(text, kind = "") {
  const pill = document.getElementById("connection");
  pill.hidden = !text;
  pill.dataset.kind = kind;
  say(pill, text);
}

/** Do something to the page without moving what the reader looks at. */
export function steadily(change) {
  const anchor = [...document.querySelectorAll("[data-anchor]")].find((each) => {
    const { top, bottom, height } = each.getBoundingClientRect();
    return height > 0 && bottom > 0 && top < innerHeight;
  });
  const before = anchor?.getBoundingClientRect().top;
  change();
  if (!anchor?.isConnected || scrollY === 0) return;
  const moved = anchor.getBoundingClientRect().top - before;
  if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
}

/** Put a text on the clipboard and say so. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast("The browser does not allow copying here");
  }
}

/** Save a text as a file. */
export function download(text, name) {
  const address = URL.createObjectURL(new Blob([text]));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address));
}

/** A link to the web, or plain text when the address is not one. */
export function outside(address, text) {
  return /^https?:\/\//.test(address) ? h("a", { href: address, rel: "noreferrer noopener", target: "_blank" }, text) : text;
}
