// The photo for a passport that was cut from an edit: the picture, every demand on it, its download.

import { addresses } from "./api.js";
import { element, icon } from "./element.js";

const LABEL = "id-photo";

/** Return the elements that tell of it; none where no such photo was asked for. */
export function showIdPhoto(edit, report) {
  const told = report.id_photo;
  if (!told) return [];
  const missed = told.checks.filter((check) => !check.passed).length;
  const verdict = missed ? `${missed} of ${told.checks.length} demands are not met` : `All ${told.checks.length} demands are met`;
  const picture = element("img", { class: "id-photo", src: addresses.onePicture(edit.id, LABEL), width: told.width, height: told.height, alt: `ID photo, ${told.width} by ${told.height} pixels` });
  const link = element("a", { class: "button small", href: addresses.oneDownload(edit.id, LABEL) }, icon("download"), element("span", { text: "ID photo" }));
  const advice = "It is an edited photo, and many authorities want one that is not: look at their own page.";
  return [
    element(
      "section",
      { class: "id-photo-section", "aria-label": "ID photo" },
      element("div", { class: "id-photo-row" }, picture, element("div", {}, element("p", { class: "id-photo-verdict", data: { tone: missed ? "warn" : "good" }, text: verdict }), link)),
      element("ul", { class: "id-photo-checks" }, ...told.checks.map(demand)),
      element("p", { class: "hint", text: advice }),
    ),
  ];
}

function demand({ title, value, limit, passed }) {
  const measured = value === null ? "not measured" : Number(value.toPrecision(3));
  return element("li", { class: "measure", data: { tone: passed ? "good" : "warn" } }, icon(passed ? "check" : "warning"), element("div", {}, element("p", { text: title }), element("p", { text: `${measured}, wanted ${limit}` })));
}
