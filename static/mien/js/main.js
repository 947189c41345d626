// The page: the start view or an open photo, and the way from one to the other.

import { addresses, api } from "./api.js";
import { byId, actionButtons } from "./element.js";
import { listenForKeys } from "./keys.js";
import { clearProblems, showProblem } from "./problems.js";
import { showRecent } from "./recent.js";
import { Studio } from "./studio.js";
import { listenForFiles, sendPhoto, showUpload } from "./upload.js";

const studio = new Studio();
const stage = byId("stage");
let sending = null;

function showView(name) {
  document.body.dataset.view = name;
}

function showStart() {
  showView("start");
  document.title = "Mien";
  studio.close();
  showRecent(openPhoto);
}

async function openPhoto(id, edit = null) {
  try {
    showPhoto(await api.photo(id), edit, true);
  } catch (problem) {
    history.replaceState({}, "", "/");
    showStart();
    showProblem(problem);
  }
}

async function showPhoto(photo, edit, push) {
  if (photo.video) return location.assign(addresses.page(photo));
  if (push && !location.pathname.includes(photo.id)) history.pushState({ photo: photo.id }, "", `/photos/${photo.id}/`);
  showView("studio");
  try {
    await studio.open(photo, edit);
  } catch (problem) {
    showProblem(problem);
  }
}

async function upload(file) {
  sending?.abort();
  const mine = (sending = new AbortController());
  clearProblems();
  try {
    const photo = await sendPhoto(file, (share) => mine === sending && showUpload(file.name || "the pasted photo", share), mine.signal);
    if (mine !== sending) return;
    await showPhoto(photo, null, true);
  } catch (problem) {
    if (problem.name !== "AbortError") showProblem(problem, file.name);
  } finally {
    if (mine === sending) {
      sending = null;
      showUpload("", null);
    }
  }
}

function openFromAddress() {
  const found = location.pathname.match(/^\/photos\/([^/]+)\//);
  const query = new URLSearchParams(location.search);
  const id = found ? found[1] : query.get("photo");
  if (id) openPhoto(id, query.get("edit"));
  else showStart();
}

function toggleFrames() {
  const on = stage.dataset.frames === "off";
  stage.dataset.frames = on ? "on" : "off";
  for (const button of actionButtons("frames")) button.setAttribute("aria-pressed", on);
}

function listenForDeletion() {
  const dialog = byId("delete-dialog");
  for (const button of actionButtons("delete")) {
    button.addEventListener("click", () => {
      dialog.returnValue = "keep";
      dialog.showModal();
    });
  }
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "delete") return;
    try {
      await api.deletePhoto(studio.photo.id);
      history.replaceState({}, "", "/");
      showStart();
    } catch (problem) {
      showProblem(problem);
    }
  });
}

const inStudio = (deed) => (...given) => document.body.dataset.view === "studio" && studio.photo && deed(...given);
const deeds = {
  undo: inStudio(() => studio.steps.undo()),
  redo: inStudio(() => studio.steps.redo()),
  all: inStudio(() => studio.faces.selectAll()),
  face: inStudio((index) => studio.faces.selectOnly(index)),
  reset: inStudio(() => studio.reset()),
  compare: inStudio(() => studio.compare.toggle()),
  original: inStudio((on) => studio.compare.showOriginal(on)),
  frames: inStudio(toggleFrames),
  larger: inStudio(() => studio.view.zoom(1.25)),
  smaller: inStudio(() => studio.view.zoom(0.8)),
  fit: inStudio(() => studio.view.fit()),
  cancel: inStudio(() => studio.cancel()),
};

listenForKeys(deeds);
listenForFiles(upload, showProblem);
listenForDeletion();
const clicks = { frames: "frames", compare: "compare", "zoom-in": "larger", "zoom-out": "smaller", fit: "fit" };
for (const [action, deed] of Object.entries(clicks)) {
  for (const button of actionButtons(action)) button.addEventListener("click", deeds[deed]);
}
for (const link of actionButtons("start")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState({}, "", "/");
    showStart();
  });
}
for (const button of actionButtons("stop-upload")) button.addEventListener("click", () => sending?.abort());
addEventListener("popstate", openFromAddress);
openFromAddress();
