// The page of many photos: a ZIP or a handful of files, one operation or several steps, and how far it is.

import { api } from "./api.js";
import { BatchList } from "./batch_list.js";
import { Controls } from "./controls.js";
import { listenForDrops } from "./drop.js";
import { announce, byId, element } from "./element.js";
import { clearProblems, showProblem } from "./problems.js";
import { sendPhoto } from "./upload.js";

const NO_BRUSH = { root: element("span", { hidden: true }), show() {}, shown: false };

const controls = new Controls(() => {}, () => {}, () => {}, NO_BRUSH);
const steps = [];
const list = new BatchList(titleOf);
let operations = [];

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
    list.look();
  } catch (problem) {
    showProblem(problem);
    controls.showProblems(problem.fields?.params || problem.fields);
    tell("");
  } finally {
    byId("start").disabled = false;
  }
}

/** Take dropped files as if they had been chosen: a CSV beside them holds other settings. */
function takeDropped(transfer) {
  const [tables, files] = [new DataTransfer(), new DataTransfer()];
  for (const file of transfer.files) (/\.csv$/i.test(file.name) ? tables : files).items.add(file);
  if (files.files.length) byId("files").files = files.files;
  if (tables.files.length) byId("overrides").files = tables.files;
}

async function open() {
  operations = await api.operations();
  byId("operation").replaceChildren(...operations.map((one) => element("option", { value: one.name, text: one.title || one.name, disabled: one.available === false })));
  byId("operation").addEventListener("change", showOperation);
  byId("add").addEventListener("click", () => {
    steps.push(currentStep());
    showSteps();
  });
  byId("start").addEventListener("click", start);
  listenForDrops(takeDropped);
  showOperation();
  // Until here a click would have been lost.
  byId("add").disabled = byId("start").disabled = false;
  list.keepLooking();
}

open().catch(showProblem);
