// One open photo: what is chosen, what is shown, and when an edit is asked for.

import { addresses, api } from "./api.js";
import { announce, byId, actionButtons } from "./element.js";
import { Compare } from "./compare.js";
import { Controls } from "./controls.js";
import { Faces } from "./faces.js";
import { Job } from "./job.js";
import { Picture } from "./picture.js";
import { Results } from "./results.js";
import { Steps } from "./history.js";
import { Tabs } from "./tabs.js";
import { View } from "./view.js";
import { showPhoto } from "./about.js";
import { clearProblems, showProblem } from "./problems.js";

const DEBOUNCE_MS = 250;
const ENDED = new Set(["done", "failed", "cancelled"]);

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

export class Studio {
  constructor() {
    this.photo = null;
    this.view = new View((view) => (byId("zoom-value").textContent = `${Math.round(view.share() * 100)} %`));
    this.compare = new Compare();
    this.picture = new Picture();
    this.results = new Results();
    this.faces = new Faces(() => this.faceChosen());
    this.controls = new Controls(() => this.moved(), () => this.released());
    this.tabs = new Tabs((operation) => this.operationChosen(operation));
    this.steps = new Steps((id) => this.goTo(id));
    this.job = new Job({
      preview: (url) => this.picture.showAfter(url),
      done: (edit) => this.done(edit),
      failed: (problem) => this.failed(problem),
      idle: () => this.refreshButtons(),
    });
    byId("live").addEventListener("change", () => this.released());
    for (const button of actionButtons("apply")) button.addEventListener("click", () => this.apply());
    for (const button of actionButtons("reset")) button.addEventListener("click", () => this.reset());
    for (const button of actionButtons("cancel")) button.addEventListener("click", () => this.cancel());
  }

  /** Open a photo that the API described, at the step that the address names or at its last. */
  async open(photo, wanted = null) {
    this.close();
    this.photo = photo;
    showPhoto(photo);
    this.view.open(photo.width, photo.height);
    this.faces.open(photo);
    this.controls.enable(false);
    const loaded = this.picture.open(photo).then((picture) => picture && this.photo === photo && this.faces.crop(picture, photo));
    const [operations, edits] = await Promise.all([api.operations(), api.editsOf(photo.id)]);
    if (this.photo !== photo) return;
    edits.sort((one, other) => String(one.created_at).localeCompare(String(other.created_at)));
    const finished = edits.filter((edit) => edit.status === "done");
    this.steps.open(finished, operations);
    this.results.open(operations);
    this.tabs.open(operations);
    this.restore(edits, finished, wanted);
    await loaded;
  }

  restore(edits, finished, wanted) {
    const named = edits.find((edit) => edit.id === wanted) || finished.at(-1) || null;
    const running = named && !ENDED.has(named.status) ? named : null;
    const shown = running || named?.status !== "done" ? named?.parent : named.id;
    const found = finished.some((edit) => edit.id === shown) ? shown : null;
    this.steps.restore(wanted === "original" ? null : found);
    this.goTo(this.steps.current);
    if (!running) return;
    this.take(running);
    this.job.follow(running);
  }

  close() {
    clearTimeout(this.timer);
    if (this.job.running) this.job.leave();
    this.photo = null;
    this.compare.enable(false);
    this.results.clear();
    clearProblems();
  }

  /** Show a step: its picture, its settings, what it did. Null is the original. */
  goTo(id) {
    clearTimeout(this.timer);
    if (this.job.running) this.job.cancel();
    const edit = this.steps.edit;
    this.remember(id || "original");
    this.picture.showAfter(edit ? addresses.result(id) : null);
    this.compare.enable(Boolean(edit));
    this.results.show(edit);
    if (edit) this.take(edit);
    else {
      if (!this.faces.indices().length && this.photo.faces.length) this.faces.choose([0]);
      this.controls.set({});
    }
    this.refreshButtons();
  }

  /** Put the operation, the faces and the settings to those of an edit. */
  take(edit) {
    this.tabs.choose(edit.operation);
    this.faces.choose(this.facesOf(edit));
    this.controls.set(edit.params);
  }

  facesOf(edit) {
    if (Array.isArray(edit.faces)) return edit.faces;
    const every = this.photo.faces.map((face) => face.index);
    return edit.faces === "all" ? every : every.slice(0, 1);
  }

  /** What a new edit replaces: the shown one, if it is of the same operation and faces; else nothing. */
  layer() {
    const edit = this.steps.edit;
    if (!edit || edit.operation !== this.tabs.operation?.name) return null;
    return same([...this.facesOf(edit)].sort(), this.faces.indices().sort()) ? edit : null;
  }

  faceChosen() {
    const [first] = this.faces.indices();
    this.view.reveal(this.photo.faces.find((face) => face.index === first).box);
    this.controls.set(this.layer()?.params || {});
    this.refreshButtons();
  }

  operationChosen(operation) {
    this.controls.open(operation);
    this.controls.set(this.layer()?.params || {});
    this.refreshButtons();
  }

  changed() {
    const shown = this.layer()?.params || {};
    return !same(this.controls.values(), { ...this.controls.defaults, ...shown });
  }

  moved() {
    this.controls.clearProblems();
    this.refreshButtons();
    clearTimeout(this.timer);
    if (byId("live").checked) this.timer = setTimeout(() => this.released(), DEBOUNCE_MS);
  }

  released() {
    clearTimeout(this.timer);
    this.refreshButtons();
    if (!byId("live").checked || !this.photo) return;
    if (same(this.controls.values(), this.asked?.params) && this.job.running) return;
    if (this.changed()) this.apply();
    else if (this.job.running) this.cancel();
  }

  /** Ask for the edit that the controls describe; all of them neutral is the step below. */
  async apply() {
    clearTimeout(this.timer);
    if (!this.photo || !this.faces.indices().length) return;
    const layer = this.layer();
    if (layer && this.controls.isDefault()) return this.reset();
    const request = {
      photo: this.photo.id,
      operation: this.tabs.operation.name,
      params: this.controls.values(),
      faces: this.faces.indices(),
      parent: layer ? layer.parent : this.steps.current,
    };
    this.asked = request;
    clearProblems();
    try {
      const edit = await this.job.start(request);
      if (edit && this.job.id === edit.id) this.remember(edit.id);
    } catch (problem) {
      this.failed(problem);
    }
    this.refreshButtons();
  }

  async done(edit) {
    const photo = this.photo;
    const finished = await api.edit(edit.id).catch(() => ({ ...edit, status: "done" }));
    if (this.photo !== photo) return;
    this.steps.add(finished);
    this.remember(edit.id);
    this.picture.showAfter(addresses.result(edit.id));
    this.compare.enable(true);
    announce(`Done: ${this.steps.label(finished)}`);
    this.results.show(finished);
    this.refreshButtons();
  }

  failed(problem) {
    showProblem(problem);
    this.controls.showProblems(problem.fields);
    this.showCurrent();
  }

  /** Stop the running edit and go back to what was there. */
  cancel() {
    if (!this.job.running) return;
    this.job.cancel();
    this.controls.set(this.layer()?.params || {});
    this.showCurrent();
  }

  showCurrent() {
    this.remember(this.steps.current || "original");
    this.picture.showAfter(this.steps.current ? addresses.result(this.steps.current) : null);
    this.refreshButtons();
  }

  reset() {
    const layer = this.layer();
    this.job.cancel();
    this.controls.set({});
    if (layer) {
      const below = this.steps.edits.has(layer.parent) ? layer.parent : null;
      const faces = this.faces.indices();
      this.steps.goTo(below);
      this.goTo(below);
      this.faces.choose(faces);
      this.controls.set(this.layer()?.params || {});
    } else this.showCurrent();
  }

  /** Keep the step in the address, so that a reload comes back to it. */
  remember(step) {
    history.replaceState({ photo: this.photo.id }, "", `/photos/${this.photo.id}/?edit=${step}`);
  }

  refreshButtons() {
    if (!this.photo || !this.controls.defaults) return;
    const able = this.faces.indices().length > 0;
    this.controls.enable(able);
    const changed = this.changed();
    for (const button of actionButtons("apply")) button.disabled = !able || !changed || this.job.running;
    for (const button of actionButtons("reset")) button.disabled = !able || (this.controls.isDefault() && !this.layer());
  }
}
