// When a photo deletes itself, in words.

/** Return "tomorrow", "in 6 days", ... for a moment that the API gave; empty if there is none. */
export function whenGone(expiresAt) {
  if (!expiresAt) return "";
  const hours = (new Date(expiresAt) - Date.now()) / 3600000;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (hours < 1) return "within the hour";
  if (hours < 36) return words.format(Math.round(hours), "hour");
  return words.format(Math.round(hours / 24), "day");
}

/** Return the moment itself, in the reader's own zone and manner. */
export function momentGone(expiresAt) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(expiresAt));
}
