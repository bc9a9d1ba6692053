// Which page: the address says.

import { compare } from "./compare.js";
import { connection, h, show } from "./dom.js";
import { history } from "./history.js";
import { onKey, openHelp } from "./keys.js";
import { apiAddress, here, pageAddress } from "./place.js";
import { review } from "./review.js";
import { openSettings, watchTheme } from "./settings.js";
import { start } from "./start.js";

const PAGES = { "": start, history, review, compare };

function open() {
  const { name, id } = here();
  for (const link of document.querySelectorAll("a[data-page]")) {
    link.href = pageAddress(link.dataset.page);
    if (link.dataset.page === name && !link.classList.contains("home")) link.setAttribute("aria-current", "page");
  }
  for (const link of document.querySelectorAll("a[data-api]")) link.href = apiAddress(link.dataset.api);
  document.getElementById("open-settings").addEventListener("click", openSettings);
  document.getElementById("open-help").addEventListener("click", openHelp);
  onKey("?", "Show this list", openHelp);
  watchTheme();
  connection("");
  const page = PAGES[name];
  if (page) page(id);
  else show(h("h1", {}, "Nothing here"), h("p", {}, "There is no page at this address."));
}

open();
