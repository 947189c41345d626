// The page of one video: how it was, how everybody in it is hidden, how far that is.

import { addresses, api } from "./api.js";
import { Controls } from "./controls.js";
import { announce, byId, element } from "./element.js";
import { whenGone } from "./expiry.js";
import { SAME_PERSON } from "./measures.js";
import { clearProblems, showProblem } from "./problems.js";
import { followEdit } from "./socket.js";
import { timeLeft } from "./time_left.js";

const OPERATION = "deidentify";
const FRAME_BOUND = ["also"]; // settings that speak of places in a photo
const NO_BRUSH = { root: element("span", { hidden: true }), show() {}, shown: false };

const id = document.body.dataset.video;
const controls = new Controls(() => {}, () => {}, () => {}, NO_BRUSH);
let video = null;
let edit = null; // the one that runs, or the last that is done
let stop = null;

function time(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** Show the original or the result, at the moment that is seen now. */
function show(result) {
  const player = byId("player");
  const at = player.currentTime || 0;
  byId("show-original").setAttribute("aria-pressed", !result);
  byId("show-result").setAttribute("aria-pressed", result);
  byId("preview").hidden = true;
  player.hidden = false;
  player.poster = result ? addresses.editPicture(edit.id) : addresses.picture(video);
  player.src = result ? addresses.result(edit.id) : addresses.file(video);
  player.addEventListener("loadedmetadata", () => (player.currentTime = Math.min(at, player.duration)), { once: true });
}

function preview(address) {
  byId("preview").src = address;
  byId("preview").hidden = false;
  byId("player").hidden = true;
}

function going(on) {
  byId("going").hidden = !on;
  byId("cancel").hidden = !on;
  byId("start").disabled = on;
}

function tell(note, fraction = 0, eta = null) {
  const left = eta >= 1 ? `, ${timeLeft(eta)}` : "";
  byId("note").textContent = `${note.charAt(0).toUpperCase()}${note.slice(1)}${left}`;
  byId("share").value = fraction;
}

function follow(asked) {
  edit = asked;
  going(true);
  byId("result").hidden = true;
  byId("show-result").disabled = true;
  tell("Waiting");
  stop = followEdit(edit.id, ({ kind, data }) => {
    if (kind === "started") tell("Starting");
    else if (kind === "progress") tell(data.note || "Working", data.fraction, data.eta);
    else if (kind === "preview") preview(data.url);
    else if (kind === "done") finished(data.report);
    else if (kind === "failed") ended(data);
    else if (kind === "cancelled") ended(null);
  });
}

function ended(problem) {
  going(false);
  edit = null;
  show(false);
  if (problem) showProblem({ ...problem, detail: problem.message });
  else announce("Cancelled");
}

function finished(report) {
  going(false);
  byId("show-result").disabled = false;
  byId("download").href = addresses.download(edit.id);
  byId("report").href = addresses.report(edit.id);
  byId("report").download = `mien-report-${edit.id}.json`;
  byId("people").replaceChildren(...report.faces.map(person), ...report.notes.map((text) => element("li", { class: "video-told", text })));
  byId("result").hidden = false;
  show(true);
  announce("Done");
}

/** Say of one person when they are seen and whether they would be known. */
function person({ index, first, last, guessed, identity_distance: distance, identity_distance_least: least }) {
  const seen = `Person ${index + 1}, ${time(first)} to ${time(last)}`;
  const known = distance === null ? "not measured" : `${least < SAME_PERSON ? "in places still the same person" : "recognised as somebody else"} (face distance ${distance.toFixed(2)}, least ${least.toFixed(2)}; ${SAME_PERSON} and more is somebody else)`;
  const blurred = guessed ? `; blurred in ${guessed} pictures in which nobody saw the face` : "";
  return element("li", {}, element("strong", { text: seen }), element("br"), `${known}${blurred}`);
}

async function start() {
  clearProblems();
  controls.clearProblems();
  byId("start").disabled = true;
  try {
    follow(await api.startEdit({ photo: id, operation: OPERATION, params: controls.values() }, null));
  } catch (problem) {
    byId("start").disabled = false;
    showProblem(problem);
    controls.showProblems(problem.fields?.params || problem.fields);
  }
}

/** Leave out what has no meaning where faces move. */
function forVideos(operation) {
  const properties = Object.entries(operation.params.properties).filter(([name]) => !FRAME_BOUND.includes(name));
  return { ...operation, params: { ...operation.params, properties: Object.fromEntries(properties) } };
}

async function remove() {
  if (byId("delete-dialog").returnValue !== "delete") return;
  try {
    await api.deletePhoto(id);
    location.assign("/");
  } catch (problem) {
    showProblem(problem);
  }
}

async function open() {
  const [found, operations, edits] = await Promise.all([api.photo(id), api.operations(), api.editsOf(id)]);
  video = found;
  const operation = operations.find((one) => one.name === OPERATION);
  document.title = `${video.name} · Mien`;
  byId("bar-title").textContent = video.name;
  byId("video-told").textContent = `${video.width} × ${video.height}, ${time(video.video.seconds)}, ${Math.round(video.video.frames_per_second)} pictures a second`;
  byId("expiry").textContent = `The video is deleted ${whenGone(video.expires_at)}.`;
  byId("summary").textContent = "Everybody in the video, followed from picture to picture, gets one face of nobody. The sound is kept.";
  controls.open(forVideos(operation));
  byId("start").addEventListener("click", start);
  byId("cancel").addEventListener("click", () => edit && api.cancelEdit(edit.id).catch(showProblem));
  byId("show-original").addEventListener("click", () => show(false));
  byId("show-result").addEventListener("click", () => show(true));
  byId("delete").addEventListener("click", () => byId("delete-dialog").showModal());
  byId("delete-dialog").addEventListener("close", remove);
  byId("start").disabled = operation.available === false;
  show(false);
  const [last] = edits.filter((one) => ["queued", "running", "done"].includes(one.status)).sort((a, b) => new Date(b.created) - new Date(a.created));
  if (!last) return;
  controls.set(last.params);
  if (last.status !== "done") return follow(last);
  edit = last;
  finished(await api.report(last.id));
}

addEventListener("pagehide", () => stop?.());
open().catch(showProblem);
