// The report of an edit in words: who it still looks like, what changed, what was not measured.

import { element, icon } from "./element.js";

const SECOND_SAME = 0.3;
export const SAME_PERSON = 0.6;
const NOT_MEASURED = "not measured";
// Operations whose aim is that the person is not recognised.
const HIDES_PERSON = new Set(["deidentify"]);

function number(value, digits = 2) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

function identity(value, operation) {
  const same = value < SAME_PERSON;
  const hides = HIDES_PERSON.has(operation);
  return {
    tone: same === hides ? "warn" : "good",
    title: same ? "Still the same person" : "Recognised as somebody else",
    text: `Face distance ${number(value)}, ${same ? "below" : "not below"} ${SAME_PERSON}`,
  };
}

function outside(value) {
  if (value === 0) return { tone: "good", title: "Outside the edit: nothing changed", text: "0 of 255 levels, in every pixel" };
  return { tone: "warn", title: "Outside the edit: something changed", text: `Up to ${number(value, 1)} of 255 levels` };
}

function turn(measures) {
  const parts = [["yaw", "sideways"], ["pitch", "up or down"], ["roll", "leaning"]];
  const told = parts
    .filter(([name]) => `${name}_before` in measures)
    .map(([name, words]) => {
      const [before, after] = [measures[`${name}_before`], measures[`${name}_after`]];
      if (before == null || after == null) return `${words}: ${NOT_MEASURED}`;
      return `${words} ${number(before, 0)}° → ${number(after, 0)}°`;
    });
  return told.join(", ");
}

function beforeAfter(measures, name, digits, unit = "") {
  const [before, after] = [measures[`${name}_before`], measures[`${name}_after`]];
  if (before == null && after == null) return NOT_MEASURED;
  const tell = (value) => (value == null ? NOT_MEASURED : number(value, digits) + unit);
  return `${tell(before)} → ${tell(after)}`;
}

function age({ age_before: before, age_after: after }) {
  if (before == null || after == null) return { title: "Age the face seems", text: beforeAfter({ age_before: before, age_after: after }, "age", 0, " years") };
  return { title: `Looks ${number(after, 0)} years old`, text: `Before the edit: ${number(before, 0)} years` };
}

/** Return [{tone, title, text}] for the measures of one face; a tone is good, warn or none. */
export function tellMeasures(measures, operation) {
  const told = [];
  const rest = new Set(Object.keys(measures));
  const take = (names, row) => {
    const present = names.filter((name) => rest.delete(name));
    if (present.length) told.push(row());
  };
  const plain = (name, title, tell) =>
    take([name], () => ({ title, text: measures[name] === null ? NOT_MEASURED : tell(measures[name]) }));
  const judged = (name, title, judge) =>
    take([name], () => (measures[name] === null ? { title, text: NOT_MEASURED } : judge(measures[name])));

  judged("identity_distance", "The same person?", (value) => identity(value, operation));
  plain("second_identity_distance", "A second recogniser", (value) => `Distance ${number(value)}; of one person mostly below ${SECOND_SAME}`);
  judged("change_outside_mask", "Outside the edit", outside);
  plain("change_inside_mask", "Inside the edit", (value) => `Changed by ${number(value, 1)} of 255 levels on average`);
  take(["age_before", "age_after"], () => age(measures));
  const poses = ["yaw", "pitch", "roll"].flatMap((name) => [`${name}_before`, `${name}_after`]);
  take(poses, () => ({ title: "Turn of the head", text: turn(measures) }));
  take(["light_asymmetry_before", "light_asymmetry_after"], () => ({ title: "Light, left against right", text: beforeAfter(measures, "light_asymmetry", 2) }));
  take(["colour_cast_before", "colour_cast_after"], () => ({ title: "Colour cast of the light", text: beforeAfter(measures, "colour_cast", 2) }));
  judged("sharpness_ratio", "Sharpness", (value) => ({ tone: value < 0.7 ? "warn" : undefined, title: "Sharpness", text: `${Math.round(value * 100)} % of the original's` }));
  plain("face_ssim", "Likeness of the picture", (value) => `${number(value)} of 1 (SSIM inside the face)`);
  plain("appearance_ssim", "Likeness from afar", (value) => `${number(value)} of 1 (two people have 0.70, one who smiles 0.95)`);
  rest.delete("expression_before");
  rest.delete("expression_after");
  for (const name of rest) {
    const value = measures[name];
    const text = value === null ? NOT_MEASURED : typeof value === "number" ? number(value) : JSON.stringify(value);
    told.push({ title: spoken(name), text });
  }
  return told;
}

function spoken(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function units(measures) {
  if (!("expression_before" in measures)) return null;
  const { expression_before: before, expression_after: after } = measures;
  if (!before || !after) return row({ title: "Expression", text: NOT_MEASURED });
  const body = Object.keys(after).map((name) =>
    element(
      "tr",
      {},
      element("th", { scope: "row", text: spoken(name) }),
      element("td", { text: before[name] == null ? NOT_MEASURED : number(before[name]) }),
      element("td", { text: after[name] == null ? NOT_MEASURED : number(after[name]) }),
    ),
  );
  const head = element("tr", {}, ...["", "before", "after"].map((text) => element("th", { scope: "col", text })));
  return element("details", { class: "weights" }, element("summary", { text: "Expression, before and after" }), element("table", { class: "units" }, element("tbody", {}, head, ...body)));
}

function row({ tone, title, text }) {
  const mark = { good: "check", warn: "warning" }[tone] || "dot";
  return element("div", { class: "measure", data: tone ? { tone } : {} }, icon(mark), element("div", {}, element("p", { text: title }), element("p", { text })));
}

function forbidsCommerce(weight) {
  return weight.commercial_use === false || /\bNC\b|non-?commercial|research only/i.test(weight.licence || "");
}

function weightList(weights) {
  const rows = weights.map((weight) =>
    element("li", { title: `SHA-256 ${weight.sha256}` }, `${weight.name}: ${weight.licence} `, element("code", { text: String(weight.sha256).slice(0, 10) })),
  );
  return element("details", { class: "weights" }, element("summary", { text: `Made with ${weights.length} ${weights.length === 1 ? "model" : "models"}, and their licences` }), element("ul", {}, ...rows));
}

/** Return the elements that tell a whole report. `known` maps a weight's name to what is declared of it. */
export function showReport(report, known = new Map()) {
  const shown = [];
  const weights = report.weights.map((weight) => ({ ...known.get(weight.name), ...weight }));
  const barred = weights.filter(forbidsCommerce);
  if (barred.length) {
    const names = barred.map((weight) => `${weight.name} (${weight.licence})`).join(", ");
    shown.push(element("p", { class: "licence-notice" }, icon("warning"), element("span", { text: `Not for commercial use: ${names}.` })));
  }
  for (const face of report.faces) {
    if (report.faces.length > 1) shown.push(element("h3", { class: "measure-face", text: `Face ${face.index + 1}` }));
    shown.push(...(face.notes || []).map((note) => row({ tone: "warn", title: "Look before you use it", text: note })));
    shown.push(...tellMeasures(face.measures, report.operation).map(row));
    const table = units(face.measures);
    if (table) shown.push(table);
  }
  shown.push(row({ title: "Time", text: `${number(report.seconds, report.seconds < 10 ? 2 : 0)} seconds, engine ${report.engine}, seed ${report.seed}` }));
  if (weights.length) shown.push(weightList(weights));
  return shown;
}

/** Return {tone, text, seconds}: the report in one line, the worst face first. */
export function verdict(report) {
  const distances = report.faces.map((face) => face.measures.identity_distance).filter((value) => typeof value === "number");
  const leaks = report.faces.map((face) => face.measures.change_outside_mask).filter((value) => typeof value === "number");
  const parts = [];
  let tone = "good";
  if (distances.length) {
    const told = identity(Math.max(...distances), report.operation);
    if (told.tone === "warn") tone = "warn";
    parts.push(told.title);
  }
  if (leaks.length) {
    const told = outside(Math.max(...leaks));
    if (told.tone === "warn") tone = "warn";
    parts.push(told.tone === "good" ? "nothing else changed" : "something else changed");
  }
  return { tone, text: parts.join(", ") || "Done", seconds: `${number(report.seconds, 1)} s` };
}
