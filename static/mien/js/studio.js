// One open photo: what is chosen, what is shown, and when an edit is asked for.

import { api } from "./api.js";
import { announce, byId, actionButtons } from "./element.js";
import { Brush } from "./brush.js";
import { Compare } from "./compare.js";
import { Controls } from "./controls.js";
import { Faces } from "./faces.js";
import { Filmstrip, oneOf, severalOf } from "./filmstrip.js";
import { Job } from "./job.js";
import { Picture } from "./picture.js";
import { Results } from "./results.js";
import { Steps } from "./history.js";
import { Tabs } from "./tabs.js";
import { View } from "./view.js";
import { showPhoto } from "./about.js";
import { facesOf, replaces, same } from "./layers.js";
import { withFaces } from "./waiting.js";
import { findStep } from "./restore.js";
import { clearProblems, showProblem } from "./problems.js";

const DEBOUNCE_MS = 250;

export class Studio {
  constructor() {
    this.photo = null;
    this.picture = new Picture();
    this.view = new View((view) => this.zoomed(view));
    this.compare = new Compare();
    this.results = new Results();
    this.faces = new Faces(() => this.faceChosen());
    this.brush = new Brush(() => this.refreshButtons());
    this.controls = new Controls(() => this.moved(), () => this.released(), (name, values) => this.apply({ [name]: values }), this.brush);
    this.filmstrip = new Filmstrip({ choose: (label) => this.oneChosen(label), use: (name, value) => this.useOne(name, value) });
    this.tabs = new Tabs((operation) => this.operationChosen(operation));
    this.steps = new Steps((id) => this.goTo(id));
    this.job = new Job({
      preview: (url, label) => this.preview(url, label),
      done: (edit, report) => this.done(edit, report),
      failed: (problem) => this.failed(problem),
      idle: () => this.refreshButtons(),
    });
    byId("live").addEventListener("change", () => this.released());
    for (const button of actionButtons("apply")) button.addEventListener("click", () => this.apply());
    for (const button of actionButtons("reset")) button.addEventListener("click", () => this.reset());
    for (const button of actionButtons("cancel")) button.addEventListener("click", () => this.cancel());
  }

  zoomed(view) {
    byId("zoom-value").textContent = `${Math.round(view.share() * 100)} %`;
    this.picture.sharpen(view.share());
  }

  /** Open a photo that the API described, at the step that the address names or at its last. */
  async open(photo, wanted = null) {
    this.close();
    const visit = (this.visit = Symbol(photo.id));
    const still = () => this.visit === visit;
    this.view.open(photo.width, photo.height);
    this.controls.enable(false);
    this.faces.open({ ...photo, faces: null });
    if (!photo.faces) this.picture.say("Looking for faces", "The photo is here; this takes a moment.");
    const loading = this.picture.open(photo);
    const [known, operations, edits] = await Promise.all([withFaces(photo, still), api.operations(), api.editsOf(photo.id)]);
    if (!still()) return;
    this.photo = known;
    this.brush.open(known);
    showPhoto(known);
    this.picture.tellFaces(known);
    this.faces.open(known);
    const { finished, shown, running } = findStep(edits, wanted);
    this.steps.open(finished, operations);
    this.results.open(operations);
    this.tabs.open(operations);
    this.restore(shown, running);
    const picture = await loading;
    if (picture && still()) this.faces.crop(picture, known);
  }

  restore(shown, running) {
    this.steps.restore(shown);
    this.goTo(shown);
    if (!running) return;
    this.take(running);
    this.asked = { ...running, faces: this.faces.indices() };
    if (severalOf(running.params)) this.openStrip(running.operation, running.params, running.faces, null);
    this.job.follow(running);
  }

  close() {
    clearTimeout(this.timer);
    if (this.job.running) this.job.leave();
    this.photo = null;
    this.visit = null;
    this.compare.enable(false);
    this.results.clear();
    this.filmstrip.close();
    clearProblems();
  }

  /** Show the picture of a step; null is the original. Of several results the chosen one is shown. */
  showStep(id) {
    const edit = id ? this.steps.edits.get(id) : null;
    let label = null;
    if (edit?.results) label = this.openStrip(edit.operation, edit.params, edit.faces, id);
    else this.filmstrip.close();
    this.picture.showEdit(id, label);
  }

  openStrip(name, params, faces, id) {
    const operation = this.steps.operations.get(name);
    return this.filmstrip.open(this.photo, facesOf({ faces }, this.photo), operation, params, id);
  }

  preview(url, label) {
    if (label !== undefined) this.filmstrip.fill(label, url);
    this.picture.showPreview(url);
  }

  oneChosen(label) {
    this.picture.showEdit(this.steps.current, label);
    this.results.show(this.steps.edit, label);
    this.controls.set(oneOf(this.steps.edit.params, this.filmstrip.value));
    announce(`${label} ${this.filmstrip.unit}`);
  }

  /** Go on with one of several results alone: the same edit for its value. */
  async useOne(name, value) {
    const { id, params } = this.steps.edit;
    this.controls.set({ ...params, [name]: value });
    if (name !== "variants") return this.apply();
    const report = await api.report(id).catch(() => null);
    const chosen = report?.variants.find((one) => one.label === String(value));
    this.apply({ variants: 1 }, chosen?.seed);
  }

  /** Show a step: its picture, its settings, what it did. Null is the original. */
  goTo(id) {
    clearTimeout(this.timer);
    if (this.job.running) this.job.cancel();
    const edit = this.steps.edit;
    this.remember(id);
    this.showStep(id);
    this.compare.enable(Boolean(edit));
    byId("stage").toggleAttribute("data-edited", Boolean(edit));
    this.results.show(edit, this.filmstrip.label);
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
    this.faces.choose(facesOf(edit, this.photo));
    this.controls.set(oneOf(edit.params, this.filmstrip.value));
  }

  /** What a new edit replaces: the shown one, if it is of the same operation and faces; else nothing. */
  layer() {
    // What was painted over stays filled: the next mask comes on top.
    if (this.brush.shown) return null;
    return this.replaces(this.steps.edit) ? this.steps.edit : null;
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

  /** Whether what the controls describe takes the place of `asked`: same operation, same faces. */
  replaces(asked) {
    return replaces(asked, this.tabs.operation, this.faces.indices(), this.photo);
  }

  changed() {
    const layer = this.layer();
    if (!layer && !this.controls.restsNeutral()) return true;
    const shown = layer?.params || {};
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
    if (!byId("live").checked || !this.photo || this.tabs.operation.available === false) return;
    // A mask is finished when its painter says so.
    if (this.brush.shown) return;
    if (this.changed()) this.apply();
    else if (this.job.running && this.replaces(this.asked)) this.cancel();
  }

  /** Ask for the edit that the controls describe, or `several` values of one; all of them neutral is the step below. */
  async apply(several = {}, seed = null) {
    clearTimeout(this.timer);
    if (!this.photo || !this.faces.indices().length || this.tabs.operation.available === false || !this.controls.ready()) return;
    const layer = this.layer();
    const params = { ...this.controls.values(), ...several };
    if (layer && this.controls.isDefault() && this.controls.restsNeutral()) return this.reset();
    if (this.job.running) {
      // What is asked for already is not asked again; another face's edit is waited for, not lost.
      if (this.replaces(this.asked) && same(params, this.asked.params) && !this.brush.shown) return;
      if (!this.replaces(this.asked)) {
        this.waiting = true;
        return;
      }
    }
    const request = {
      photo: this.photo.id,
      operation: this.tabs.operation.name,
      params,
      faces: this.faces.indices(),
      parent: layer ? layer.parent : this.steps.current,
    };
    if (seed !== null && seed !== undefined) request.seed = seed;
    const mask = this.brush.shown ? await this.brush.file() : null;
    this.asked = request;
    this.waiting = false;
    clearProblems();
    try {
      const started = this.job.start(request, mask);
      if (severalOf(params)) this.openStrip(request.operation, params, request.faces, null);
      const edit = await started;
      if (edit && this.job.id === edit.id) this.remember(edit.id);
    } catch (problem) {
      this.failed(problem);
    }
    this.refreshButtons();
  }

  async done(edit, report) {
    if (this.brush.shown) this.brush.forget();
    const photo = this.photo;
    const several = severalOf(edit.params);
    if (!several) this.picture.showEdit(edit.id);
    this.results.know(edit.id, report);
    const finished = await api.edit(edit.id).catch(() => ({ ...edit, status: "done" }));
    if (this.photo !== photo) return;
    this.steps.add(finished);
    if (several || this.filmstrip.label !== null) this.showStep(edit.id);
    this.remember(edit.id);
    this.compare.enable(true);
    byId("stage").toggleAttribute("data-edited", true);
    announce(`Done: ${this.steps.label(finished)}`);
    this.results.show(finished, this.filmstrip.label);
    this.refreshButtons();
    if (this.waiting) this.apply();
  }

  failed(problem) {
    this.waiting = false;
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
    this.remember(this.steps.current);
    this.showStep(this.steps.current);
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
    const named = step || (this.steps.edits.size ? "original" : null);
    history.replaceState({ photo: this.photo.id }, "", `/photos/${this.photo.id}/${named ? `?edit=${named}` : ""}`);
  }

  refreshButtons() {
    if (!this.photo || !this.controls.defaults) return;
    const able = this.faces.indices().length > 0 && this.tabs.operation.available !== false;
    this.controls.enable(able);
    const changed = this.controls.ready() && (this.brush.shown || this.changed());
    for (const button of actionButtons("apply")) button.disabled = !able || !changed || this.job.running;
    for (const button of actionButtons("reset")) button.disabled = !able || (this.controls.isDefault() && !this.layer());
  }
}
