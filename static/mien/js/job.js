// The edit that is running: start it, follow it, show how far it is, stop it.

import { api } from "./api.js";
import { announce, byId } from "./element.js";
import { followEdit } from "./socket.js";

// An edit that is over sooner than this shows no box: it would only flicker.
const PATIENCE_MS = 160;

export class Job {
  /** `on` holds the listeners preview(url, label), done(edit, report), failed(problem), idle(). */
  constructor(on) {
    this.on = on;
    this.ticket = 0;
    this.id = null;
    this.sending = false;
    this.box = byId("job");
    this.stage = byId("stage");
    this.bar = byId("stage-line");
  }

  get running() {
    return this.sending || this.id !== null;
  }

  /** Start an edit; an older one of this page is cancelled. Resolves with it, or null if overtaken. */
  async start(request, mask = null) {
    this.cancel();
    const ticket = this.ticket;
    this.sending = true;
    this.show("Sending", 0, null);
    let edit;
    try {
      edit = await api.startEdit(request, mask);
    } catch (problem) {
      if (ticket === this.ticket) this.end();
      throw problem;
    }
    if (ticket !== this.ticket) {
      api.cancelEdit(edit.id).catch(() => {});
      return null;
    }
    this.follow(edit);
    return edit;
  }

  follow(edit) {
    this.id = edit.id;
    this.sending = false;
    this.show("Waiting", 0, null);
    this.stop = followEdit(edit.id, (event) => this.take(edit, event));
  }

  /** Stop the running edit, here and on the server. */
  cancel() {
    this.ticket += 1;
    if (this.id) api.cancelEdit(this.id).catch(() => {});
    this.end();
  }

  /** Stop following, and let the edit run on: it is there when the photo is opened again. */
  leave() {
    this.ticket += 1;
    this.end();
  }

  end() {
    this.stop?.();
    this.stop = null;
    this.id = null;
    this.sending = false;
    clearTimeout(this.timer);
    this.timer = null;
    this.box.hidden = true;
    this.stage.removeAttribute("data-working");
    this.on.idle();
  }

  take(edit, event) {
    const data = event.data || {};
    if (event.kind === "started") this.show("Starting", 0, null);
    else if (event.kind === "progress") this.show(data.note || "Working", data.fraction, data.eta);
    else if (event.kind === "preview") this.on.preview(data.url, data.label);
    else if (event.kind === "done") {
      this.end();
      this.on.done(edit, data.report);
    } else if (event.kind === "failed") {
      this.end();
      this.on.failed({ code: data.code, message: data.message, detail: data.message });
    } else if (event.kind === "cancelled") {
      this.end();
      announce("Cancelled");
    }
  }

  show(note, fraction, eta) {
    const share = Math.min(1, Math.max(0, fraction || 0));
    byId("job-note").textContent = note.charAt(0).toUpperCase() + note.slice(1);
    byId("job-share").textContent = share ? `${Math.round(share * 100)} %` : "";
    byId("job-eta").textContent = eta >= 1 ? `${Math.round(eta)} s left` : "";
    this.bar.value = share;
    this.stage.dataset.working = "";
    if (this.timer) return;
    this.timer = setTimeout(() => (this.box.hidden = false), PATIENCE_MS);
  }
}
