// Where a photo that is opened again goes on: the step that the address names, or the last one.

const ENDED = new Set(["done", "failed", "cancelled"]);

/**
 * Return {finished, shown, running} for all edits of a photo: the finished ones oldest first, the
 * id of the one to show (null is the original), and the one to follow because it has not ended.
 */
export function findStep(edits, wanted) {
  const ordered = [...edits].sort((one, other) => one.created.localeCompare(other.created));
  const finished = ordered.filter((edit) => edit.status === "done");
  if (wanted === "original") return { finished, shown: null, running: null };
  const named = ordered.find((edit) => edit.id === wanted) || finished.at(-1);
  if (!named) return { finished, shown: null, running: null };
  const running = ENDED.has(named.status) ? null : named;
  const shown = named.status === "done" ? named.id : named.parent;
  return { finished, shown: finished.some((edit) => edit.id === shown) ? shown : null, running };
}
