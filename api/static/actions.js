// What can be done with a review: cancel, run again, compare, share, save.

import { call, of, sentence, text } from "./api.js";
import { copy, download, h, toast } from "./dom.js";
import { pageAddress } from "./place.js";
import { read } from "./storage.js";
import { submit } from "./submitting.js";
import { ended } from "./words.js";

const REPORTS = { html: [".html", "HTML page"], sarif: [".sarif", "SARIF"], markdown: [".md", "Markdown"], json: [".json", "JSON"] };

/** The buttons. */
export function actions(review) {
  const share = h("button", { type: "button", click: () => copy(location.href.split("#")[0], "Link") }, "Copy link");
  if (!ended(review)) return [cancelButton(review), share];
  return [again(review), h("a", { class: "button", href: pageAddress("compare", { head: review.id }) }, "Compare with …"), share, reports(review)];
}

function cancelButton(review) {
  const button = h("button", { type: "button", class: "danger", click: cancel }, "Cancel review");
  async function cancel() {
    button.disabled = true;
    try {
      await call("POST", of(review.id, "/cancel"));
    } catch (error) {
      button.disabled = false;
      toast(sentence(error));
    }
  }
  return button;
}

function again(review) {
  const kept = JSON.parse(read("submission") || "null");
  if (kept?.id !== review.id) return h("a", { class: "button", href: pageAddress("") }, "New review");
  const button = h("button", { type: "button", click: run }, "Run again");
  async function run() {
    button.disabled = true;
    try {
      await submit(kept.submission);
    } catch (error) {
      button.disabled = false;
      toast(sentence(error));
    }
  }
  return button;
}

function reports(review) {
  const save = async (format, suffix) => {
    try {
      download(await text(of(review.id, `/report?format=${format}`)), review.id + suffix);
    } catch (error) {
      toast(sentence(error));
    }
  };
  const buttons = Object.entries(REPORTS).map(([format, [suffix, words]]) =>
    h("li", {}, h("button", { type: "button", click: () => save(format, suffix) }, words)),
  );
  return h("details", { class: "menu" }, h("summary", { class: "button" }, "Save report"), h("ul", {}, ...buttons));
}
