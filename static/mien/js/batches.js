// The page of many photos: a ZIP or a handful of files, one operation or several steps, and how far it is.

import { addresses, api } from "./api.js";
import { Controls } from "./controls.js";
import { announce, byId, element } from "./element.js";
import { clearProblems, showProblem } from "./problems.js";
import { sendPhoto } from "./upload.js";

const MOST = 20; // batches, and failures of one, that are listed
const OFTEN = 1500; // milliseconds between two looks while something is going on
const SELDOM = 10_000; // and while nothing is: another window may start a batch
const NO_BRUSH = { root: element("span", { hidden: true }), show() {}, shown: false };

const controls = new Controls(() => {}, () => {}, () => {}, NO_BRUSH);
const steps = [];
let operations = [];
let waiting = null;

function chosen() {
  return operations.find((one) => one.name === byId("operation").value);
}

function currentStep() {
  return { operation: chosen().name, params: controls.values() };
}

function titleOf(name) {
  return operations.find((one) => one.name === name)?.title || name;
}

function showOperation() {
  byId("summary").textContent = chosen().summary || "";
  controls.open(chosen());
}

function showSteps() {
  byId("steps").hidden = steps.length === 0;
  // What the controls say counts only once it is a step: the button tells what it will do.
  byId("start").textContent = steps.length ? `Start ${steps.length === 1 ? "this step" : `these ${steps.length} steps`}` : "Start";
  byId("steps").replaceChildren(
    ...steps.map((step, at) => {
      const remove = element("button", {
        class: "button quiet small", type: "button", text: "Remove", "aria-label": `Remove step ${at + 1}`,
        on: { click: () => { steps.splice(at, 1); showSteps(); } },
      });
      return element("li", {}, `${titleOf(step.operation)} `, remove);
    }),
  );
}

/** Return what is asked for: the steps, or what the controls say where there are none. */
function asked() {
  if (!steps.length) return currentStep();
  return { recipe: steps };
}

function isZip(file) {
  return /\.zip$/i.test(file.name);
}

async function sendArchive(file, request) {
  const form = new FormData();
  form.append("archive", file, file.name);
  form.append("name", file.name);
  for (const [name, value] of Object.entries(request)) form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  const [overrides] = byId("overrides").files;
  if (overrides) form.append("overrides", overrides, overrides.name);
  return api.startBatch(form);
}

async function sendPhotos(files, request, tell) {
  const photos = [];
  for (const file of files) {
    tell(`Sending ${file.name}, ${photos.length + 1} of ${files.length}`);
    try {
      photos.push((await sendPhoto(file, () => {}, new AbortController().signal)).id);
    } catch (problem) {
      showProblem(problem, file.name);
    }
  }
  if (!photos.length) return null;
  return api.startBatch({ ...request, photos, name: files.length === 1 ? files[0].name : `${files.length} photos` });
}

async function start() {
  clearProblems();
  const files = [...byId("files").files];
  const tell = (text) => (byId("sending").textContent = text);
  if (!files.length) {
    tell("Choose photos or a ZIP first.");
    byId("files").focus();
    return;
  }
  if (files.some(isZip) && files.length > 1) {
    tell("One ZIP alone, or photos: not both at once.");
    return;
  }
  if (byId("overrides").files.length && !isZip(files[0])) {
    tell("A CSV goes with a ZIP: its names are those of the files in it.");
    return;
  }
  byId("start").disabled = true;
  try {
    tell(`Sending ${files.length === 1 ? files[0].name : `${files.length} photos`}`);
    const batch = isZip(files[0]) ? await sendArchive(files[0], asked()) : await sendPhotos(files, asked(), tell);
    if (!batch) {
      tell("No photo could be sent.");
      return;
    }
    tell("Started.");
    announce("The batch has started.");
    byId("files").value = "";
    steps.length = 0;
    showSteps();
    lookAgain();
  } catch (problem) {
    showProblem(problem);
    controls.showProblems(problem.fields?.params || problem.fields);
    tell("");
  } finally {
    byId("start").disabled = false;
  }
}

function inWords(batch) {
  const { queued, running, done, failed, cancelled } = batch.counts;
  const said = [`${done} of ${batch.total} done`];
  if (failed) said.push(`${failed} failed`);
  if (cancelled) said.push(`${cancelled} cancelled`);
  if (batch.paused) said.push("paused");
  else if (batch.eta > 0) said.push(`about ${batch.eta < 90 ? `${Math.round(batch.eta)} seconds` : `${Math.round(batch.eta / 60)} minutes`} to go`);
  else if (queued + running) said.push("going on");
  return said.join(", ");
}

function deeds(batch) {
  const found = [];
  if (goesOn(batch)) found.push(batch.paused ? ["resume", "Go on"] : ["pause", "Pause"], ["cancel", "Cancel"]);
  else if (batch.counts.failed || batch.counts.cancelled) found.push(["retry", "Try again what failed"]);
  return found;
}

async function tell(batch, deed) {
  try {
    await api.tellBatch(batch.id, deed);
    lookAgain();
  } catch (problem) {
    showProblem(problem);
  }
}

/** Show one batch in its place, so that a button that has the focus keeps it. */
async function show(batch, place) {
  const key = JSON.stringify([batch.status, batch.paused, batch.counts, Math.round(batch.eta / 5)]);
  if (place.dataset.key === key) return;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
  place.dataset.key = key;
  const failures = batch.counts.failed ? await api.failedItems(batch.id, MOST) : [];
  const name = batch.name || batch.recipe.map((step) => titleOf(step.operation)).join(", ");
  const buttons = deeds(batch).map(([deed, words]) =>
    element("button", { class: "button small", type: "button", text: words, "aria-label": `${words}: ${name}`, data: { deed }, on: { click: () => tell(batch, deed) } }),
  );
  const links = !goesOn(batch) && batch.counts.done
    ? [element("a", { class: "button primary small", href: batch.archive, text: "Download all" }), element("a", { class: "button small", href: `${batch.report}?format=csv`, text: "Report" })]
    : [];
  place.replaceChildren(
    element("h3", { text: name }),
    element("p", { class: "batch-told", text: batch.recipe.map((step) => titleOf(step.operation)).join(", then ") }),
    element("progress", { max: 1, value: batch.fraction, "aria-label": `How far: ${name}` }),
    element("p", { class: "batch-told", text: inWords(batch) }),
    ...failures.map((item) => element("p", { class: "batch-failed", text: `${item.file}: ${item.error.message}` })),
    element("p", { class: "batch-actions" }, ...links, ...buttons),
  );
  if (focused) (place.querySelector(`[data-deed="${focused}"]`) || place.querySelector("button, a"))?.focus();
}

function goesOn(batch) {
  return batch.status === "queued" || batch.status === "running";
}

/** Show all batches as they are now; return whether one is going on. */
async function look() {
  const rows = await api.batches(MOST);
  byId("none").hidden = rows.length > 0;
  const list = byId("batches");
  const places = new Map([...list.children].map((place) => [place.dataset.id, place]));
  for (const [id, place] of places) if (!rows.some((row) => row.id === id)) place.remove();
  for (const [at, row] of rows.entries()) {
    const place = places.get(row.id) || element("li", { class: "batch", data: { id: row.id } });
    if (list.children[at] !== place) list.insertBefore(place, list.children[at] || null);
    await show(row, place);
  }
  return rows.some(goesOn);
}

async function keepLooking() {
  let going = true;
  try {
    if (!document.hidden) going = await look();
  } catch (problem) {
    showProblem(problem);
  }
  waiting = setTimeout(keepLooking, going ? OFTEN : SELDOM);
}

function lookAgain() {
  clearTimeout(waiting);
  keepLooking();
}

operations = await api.operations();
byId("operation").replaceChildren(...operations.map((one) => element("option", { value: one.name, text: one.title || one.name, disabled: one.available === false })));
byId("operation").addEventListener("change", showOperation);
byId("add").addEventListener("click", () => {
  steps.push(currentStep());
  showSteps();
});
byId("start").addEventListener("click", start);
showOperation();
keepLooking();
