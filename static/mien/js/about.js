// What is said of the open photo: its size, its faces, when it is deleted.

import { byId } from "./element.js";
import { momentGone, whenGone } from "./expiry.js";

export function showPhoto(photo) {
  const count = photo.faces.length;
  const faces = count === 0 ? "no face found" : count === 1 ? "1 face" : `${count} faces`;
  const size = `${photo.width} × ${photo.height} px`;
  byId("photo-line").textContent = `${size} · ${faces}`;
  byId("photo-size").textContent = `${size}, ${faces}.`;
  byId("photo-expiry").textContent = photo.expires_at
    ? `The photo and its edits are deleted ${whenGone(photo.expires_at)}, on ${momentGone(photo.expires_at)}.`
    : "";
  document.title = `${size} · Mien`;
}
