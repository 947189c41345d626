// Faces are found by the worker: a photo may be here before its faces are.

import { Problem, api } from "./api.js";

const ASK_MS = 400;
const PATIENCE_MS = 120000;

/** Return the photo once its faces are known; `still` says whether anybody still waits. */
export async function withFaces(photo, still) {
  const until = Date.now() + PATIENCE_MS;
  let known = photo;
  while (known.faces === null && still()) {
    if (known.faces_state === "failed" || Date.now() > until) {
      throw new Problem({ code: known.faces_code || "faces_not_found", detail: "The worker did not find out which faces there are." });
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    if (still()) known = await api.photo(photo.id);
  }
  return known;
}
