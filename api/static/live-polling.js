// Asking again and again, where nothing that stays open gets through.

import { call, of, Problem } from "./api.js";

/** Milliseconds between two questions. */
export const INTERVAL = 2_000;
const GONE = 410;

/** See live.js. */
export function listen(reviewId, _, last, on) {
  const aborter = new AbortController();
  let timer = null;
  let opened = false;

  async function ask() {
    try {
      const page = await call("GET", of(reviewId, `/events?after=${last}`), undefined, { signal: aborter.signal });
      if (!opened) on.onOpen();
      opened = true;
      for (const event of page.events) on.onMessage(event);
      last = page.lastEventId;
      if (page.ended) return on.onDone();
      timer = setTimeout(ask, page.events.length ? 0 : INTERVAL);
    } catch (error) {
      if (aborter.signal.aborted) return;
      if (error instanceof Problem && error.status === GONE) on.onRefused(error.message);
      else on.onClosed();
    }
  }

  ask();
  return () => {
    clearTimeout(timer);
    aborter.abort();
  };
}
