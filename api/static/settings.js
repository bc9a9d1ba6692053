// Settings: theme, key, and where the API is.

import { h, toast } from "./dom.js";
import { openDialog } from "./keys.js";
import { onChange, read, write } from "./storage.js";

const THEMES = { "": "As the system", light: "Light", dark: "Dark" };

/** Show the settings. */
export function openSettings() {
  const theme = h(
    "select",
    { id: "theme", change: () => setTheme(theme.value) },
    ...Object.entries(THEMES).map(([value, text]) => h("option", { value, selected: read("theme") === value }, text)),
  );
  const key = field("settings-key", "password", read("key"));
  const keep = h("input", { type: "checkbox", id: "settings-keep" });
  const api = field("settings-api", "url", read("api"));
  api.placeholder = "the one this page came from";

  function save(event) {
    event.preventDefault();
    const moved = api.value.trim() !== read("api") || key.value.trim() !== read("key");
    write("key", key.value.trim(), { tab: !keep.checked });
    write("api", api.value.trim());
    dialog.close();
    toast("Settings saved");
    if (moved) location.reload();
  }

  const dialog = openDialog(
    "Settings",
    h(
      "form",
      { submit: save },
      h("label", { for: "theme" }, "Theme"),
      theme,
      h("label", { for: "settings-key" }, "API key"),
      key,
      h("label", { class: "check" }, keep, "Remember the key in this browser, not only in this tab"),
      h("label", { for: "settings-api" }, "Address of the API"),
      api,
      h("p", { class: "quiet" }, "Another origin must allow this page: CODEREVIEW_ALLOWED_ORIGINS."),
      h("p", { class: "buttons" }, h("button", { class: "primary" }, "Save")),
    ),
  );
}

/** Follow the theme that another tab chooses. */
export function watchTheme() {
  onChange((name) => name === "theme" && apply(read("theme")));
}

function setTheme(theme) {
  write("theme", theme);
  apply(theme);
}

function apply(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function field(id, type, value) {
  return h("input", { id, type, value, autocomplete: "off", spellcheck: "false" });
}
