// Edits chain: one of the same operation and faces as the shown one takes its place, others go on top.

export function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Return the indices of the faces that an edit is about, rising. */
export function facesOf(edit, photo) {
  if (Array.isArray(edit.faces)) return [...edit.faces].sort((one, other) => one - other);
  const every = photo.faces.map((face) => face.index);
  return edit.faces === "all" ? every : every.slice(0, 1);
}

/** Return whether a new edit of `operation` on the faces `indices` takes the place of `edit`. */
export function replaces(edit, operation, indices, photo) {
  return edit?.operation === operation.name && same(facesOf(edit, photo), indices);
}
