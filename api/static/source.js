// The code under review, as long as the service keeps it.

import { call, of } from "./api.js";
import { highlighted } from "./highlight.js";

const files = new Map();

/** The lines of a file, coloured; null when the service does not have it (any more). */
export function sourceOf(reviewId, path) {
  const key = `${reviewId}\n${path}`;
  if (!files.has(key)) files.set(key, load(reviewId, path));
  return files.get(key);
}

async function load(reviewId, path) {
  try {
    const file = await call("GET", of(reviewId, `/source?path=${encodeURIComponent(path)}`));
    const changed = file.changed ? new Set(file.changed.flatMap(({ start, end }) => range(start, end))) : null;
    return { path, text: file.text, changed, sparse: file.sparse, lines: await highlighted(file.text, file.language) };
  } catch {
    return null; // expired, or never was: the quoted lines are shown instead
  }
}

/** What stands in for a file that is not there: the quoted lines, at their place. */
export async function quoted(path, first, snippet) {
  return { path, first, lines: await highlighted(snippet.replace(/\n$/, ""), ""), changed: null, partial: true };
}

function range(start, end) {
  return Array.from({ length: end - start + 1 }, (_, index) => start + index);
}
