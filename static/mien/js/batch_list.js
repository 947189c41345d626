// The batches of a person: how far each is, its files, and what can be done with it.

import { addresses, api } from "./api.js";
import { byId, element } from "./element.js";
import { showProblem } from "./problems.js";
import { followBatch } from "./socket.js";
import { timeLeft } from "./time_left.js";

const MOST_BATCHES = 20;
const MOST_FAILURES = 20; // of a batch; the report has all
const MOST_FILES = 200;
const SELDOM = 10_000; // milliseconds between two looks for batches that another window started

function goesOn(batch) {
  return batch.status === "queued" || batch.status === "running";
}

function inWords(batch) {
  const { queued, running, done, failed, cancelled } = batch.counts;
  const said = [`${done} of ${batch.total} done`];
  if (failed) said.push(`${failed} failed`);
  if (cancelled) said.push(`${cancelled} cancelled`);
  if (batch.paused) said.push("paused");
  else if (batch.eta > 0) said.push(timeLeft(batch.eta));
  else if (queued + running) said.push("going on");
  return said.join(", ");
}

function deedsOf(batch) {
  if (goesOn(batch)) return [batch.paused ? ["resume", "Go on"] : ["pause", "Pause"], ["cancel", "Cancel"]];
  if (batch.counts.failed) return [["retry", "Try again what failed"]];
  return [];
}

function showFile(item, steps) {
  const step = steps > 1 && item.status === "running" ? `, step ${item.step + 1} of ${steps}` : "";
  const name = item.edit && item.status === "done" ? element("a", { href: addresses.inStudio(item.photo, item.edit), text: item.file }) : element("span", { text: item.file });
  return element("li", { class: `batch-file ${item.status}` }, name, element("span", { class: "batch-told", text: item.status + step }));
}

/** One batch on the page. It asks again whenever the batch's log says that something happened. */
class BatchCard {
  constructor(batch, titleOf) {
    this.id = batch.id;
    this.titleOf = titleOf;
    this.stop = null;
    this.asking = null;
    this.askAgain = false;
    this.files = element("ul", { class: "batch-files-list" });
    this.details = element("details", { on: { toggle: () => this.details.open && this.showFiles().catch(showProblem) } }, element("summary", { text: "Files" }), this.files);
    this.body = element("div");
    this.place = element("li", { class: "batch", data: { id: batch.id } }, this.body, this.details);
  }

  /** Show the batch as it is now, and follow it while it goes on. */
  async show(batch) {
    this.batch = batch;
    if (goesOn(batch)) this.stop ||= followBatch(this.id, () => this.ask());
    else this.leave();
    const key = JSON.stringify([batch.status, batch.paused, batch.counts, Math.round(batch.eta / 5)]);
    if (this.shown === key) return;
    this.shown = key;
    const failures = batch.counts.failed ? await api.items(this.id, MOST_FAILURES, "failed") : [];
    if (this.shown === key) this.draw(batch, failures);
    if (this.details.open) await this.showFiles();
  }

  leave() {
    this.stop?.();
    this.stop = null;
  }

  /** Ask how far it is: once at a time, and once more if something happened meanwhile. */
  ask() {
    this.askAgain = true;
    this.asking ||= this.askOn().finally(() => (this.asking = null));
  }

  async askOn() {
    try {
      while (this.askAgain) {
        this.askAgain = false;
        await this.show(await api.batch(this.id));
      }
    } catch {
      this.leave(); // deleted elsewhere, or out of reach: the next look at the list tells
    }
  }

  draw(batch, failures) {
    const name = batch.name || batch.recipe.map((step) => this.titleOf(step.operation)).join(", ");
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
    const buttons = deedsOf(batch).map(([deed, words]) =>
      element("button", { class: "button small", type: "button", text: words, "aria-label": `${words}: ${name}`, data: { deed }, on: { click: () => this.tell(deed) } }),
    );
    const links = !goesOn(batch) && batch.counts.done
      ? [element("a", { class: "button primary small", href: batch.archive, text: "Download all" }), element("a", { class: "button small", href: `${batch.report}?format=csv`, text: "Report" })]
      : [];
    this.body.replaceChildren(
      element("h3", { text: name }),
      element("p", { class: "batch-told", text: batch.recipe.map((step) => this.titleOf(step.operation)).join(", then ") }),
      element("progress", { max: 1, value: batch.fraction, "aria-label": `How far: ${name}` }),
      element("p", { class: "batch-told", text: inWords(batch) }),
      ...failures.map((item) => element("p", { class: "batch-failed", text: `${item.file}: ${item.error.message}` })),
      element("p", { class: "batch-actions" }, ...links, ...buttons),
    );
    // A button that had the focus keeps it.
    if (focused) (this.body.querySelector(`[data-deed="${focused}"]`) || this.body.querySelector("button, a"))?.focus();
  }

  async showFiles() {
    const items = await api.items(this.id, MOST_FILES);
    const rest = this.batch.total - items.length;
    this.files.replaceChildren(...items.map((item) => showFile(item, this.batch.recipe.length)));
    if (rest > 0) this.files.append(element("li", { class: "batch-told", text: `and ${rest} more: the report has them all.` }));
  }

  async tell(deed) {
    try {
      await this.show(await api.tellBatch(this.id, deed));
    } catch (problem) {
      showProblem(problem);
    }
  }
}

/** The newest batches. */
export class BatchList {
  constructor(titleOf) {
    this.titleOf = titleOf;
    this.cards = new Map();
  }

  /** Show all batches as they are now. */
  async look() {
    try {
      await this.lookOnce();
    } catch (problem) {
      showProblem(problem);
    }
  }

  async lookOnce() {
    const rows = await api.batches(MOST_BATCHES);
    byId("none").hidden = rows.length > 0;
    for (const [id, card] of this.cards) {
      if (rows.some((row) => row.id === id)) continue;
      card.leave();
      card.place.remove();
      this.cards.delete(id);
    }
    const list = byId("batches");
    for (const [at, row] of rows.entries()) {
      const card = this.cards.get(row.id) || new BatchCard(row, this.titleOf);
      this.cards.set(row.id, card);
      if (list.children[at] !== card.place) list.insertBefore(card.place, list.children[at] || null);
      await card.show(row);
    }
  }

  async keepLooking() {
    if (!document.hidden) await this.look();
    setTimeout(() => this.keepLooking(), SELDOM);
  }
}
