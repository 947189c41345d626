// The two pictures of the stage: the photo as it was, and as it is now.
//
// Both are shown as copies for the screen; whoever zooms in past those sees the files in full.

import { addresses } from "./api.js";
import { byId, element } from "./element.js";

const SHOWN_BY_BROWSERS = new Set(["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP"]);

async function load(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

export class Picture {
  constructor() {
    this.before = byId("before");
    this.after = byId("after");
    this.notice = byId("stage-notice");
    this.turn = 0;
    this.visit = 0;
  }

  /** Show a photo; resolves with its loaded picture, or null if it does not load. */
  async open(photo) {
    const visit = (this.visit += 1);
    this.turn += 1;
    this.photo = photo;
    this.edit = null;
    this.label = null;
    this.copyShare = 1;
    this.full = false;
    this.after.removeAttribute("src");
    this.before.removeAttribute("src");
    this.after.alt = "The photo";
    try {
      const image = await load(addresses.picture(photo));
      if (visit !== this.visit) return null;
      this.copyShare = image.naturalWidth / photo.width;
      this.before.src = image.src;
      if (!this.edit && !this.after.hasAttribute("src")) this.after.src = image.src;
      return image;
    } catch {
      if (visit === this.visit) this.say("The picture did not load", "Reload the page. If that does not help, the photo may have been deleted.");
      return null;
    }
  }

  /** Show the result of an edit as the photo as it is now, or the one of several that has that label; null is the photo itself. */
  showEdit(id, label = null) {
    this.edit = id;
    this.label = label;
    this.after.alt = id ? "The photo as edited" : "The photo";
    const made = label === null ? addresses.editPicture : addresses.onePicture;
    const copy = id ? made(id, label) : addresses.picture(this.photo);
    return this.put(this.full ? this.inFull(id) : copy, copy);
  }

  /** Show how an edit that still runs will look. */
  showPreview(address) {
    return this.put(address);
  }

  /** Put a picture in place once it is loaded, unless another was asked for since. */
  async put(address, instead = null) {
    const turn = (this.turn += 1);
    let loaded = null;
    for (const one of [address, instead]) {
      loaded ??= one && (await load(one).catch(() => null));
    }
    if (loaded && turn === this.turn) this.after.src = loaded.src;
  }

  inFull(id) {
    if (!id) return addresses.file(this.photo);
    return this.label === null ? addresses.result(id) : addresses.oneResult(id, this.label);
  }

  /** Take the full files once one pixel of the screen copy covers more than one of the screen. */
  async sharpen(share) {
    if (this.full || !this.photo || share <= this.copyShare || this.copyShare >= 1) return;
    if (!SHOWN_BY_BROWSERS.has(this.photo.format)) return;
    this.full = true;
    const visit = this.visit;
    this.showEdit(this.edit, this.label);
    const image = await load(this.inFull(null)).catch(() => null);
    if (image && visit === this.visit) this.before.src = image.src;
  }

  /** Take a notice away, or say that there is no face. */
  tellFaces(photo) {
    this.notice.hidden = photo.faces.length > 0;
    if (photo.faces.length) return;
    this.say("No face was found", "Choose a photo in which a face is seen from the front or half from the side, upright, and not too small.");
  }

  say(title, text) {
    this.notice.replaceChildren(element("strong", { text: title }), element("span", { text }));
    this.notice.hidden = false;
  }
}
