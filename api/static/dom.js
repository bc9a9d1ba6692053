// Building the page. Everything a review says goes through here as text, never as markup.

/** An element with attributes (a function is a listener) and children; null and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** Replace what is shown. */
export function show(...children) {
  document.getElementById("main").replaceChildren(...children);
}

/** Say something to screen readers. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** Say how the live connection is. */
export function connection(text) {
  document.getElementById("connection").textContent = text;
}

/** "1 finding", "2 findings". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A moment (ms since the epoch) in the reader's own words. */
export function moment(at) {
  return h("time", { datetime: new Date(at).toISOString() }, new Date(at).toLocaleString());
}

/** A link to the web, or plain text when the address is not one. */
export function outside(address, text) {
  return /^https?:\/\//.test(address) ? h("a", { href: address, rel: "noreferrer noopener" }, text) : text;
}
