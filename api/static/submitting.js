// Starting a review.

import { call } from "./api.js";
import { pageAddress } from "./place.js";
import { write } from "./storage.js";

/** Larger submissions are not kept for "Run again". */
const KEPT = 2_000_000;

/** Start it and go to its page. A repeated click or a lost answer starts no second one. Throws Problem. */
export async function submit(submission) {
  const key = crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now();
  const { reviewId } = await call("POST", "api/review", submission, { headers: { "Idempotency-Key": key } });
  const kept = JSON.stringify({ id: reviewId, submission });
  write("submission", kept.length < KEPT ? kept : "", { tab: true });
  location.assign(pageAddress(`review/${reviewId}`));
}
