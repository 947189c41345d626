// The two pictures of the stage: the photo as it was, and as it is now.

import { addresses } from "./api.js";
import { byId, element } from "./element.js";

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
    this.wanted = 0;
  }

  /** Show a photo; resolves with its loaded picture, or null if the browser cannot show it. */
  async open(photo) {
    this.original = addresses.picture(photo);
    this.after.removeAttribute("src");
    this.before.removeAttribute("src");
    this.after.alt = "The photo";
    const wanted = (this.wanted += 1);
    try {
      const image = await load(this.original);
      this.before.src = this.original;
      if (wanted === this.wanted) this.after.src = this.original;
      return image;
    } catch {
      if (wanted === this.wanted) this.say("The picture did not load", "Reload the page. If that does not help, the photo may have been deleted.");
      return null;
    }
  }

  /** Show `address` as the photo as it is now, once it is loaded; null is the original. */
  async showAfter(address) {
    const wanted = (this.wanted += 1);
    const next = address || this.original;
    try {
      await load(next);
    } catch {
      return;
    }
    // What was asked for later may have loaded sooner.
    if (wanted !== this.wanted) return;
    this.after.src = next;
    this.after.alt = address ? "The photo as edited" : "The photo";
  }

  /** Take a notice away, or say that there is no face. */
  tellFaces(photo) {
    this.notice.hidden = photo.faces.length > 0;
    if (!photo.faces.length) {
      this.say("No face was found", "Choose a photo in which a face is seen from the front or half from the side, upright, and not too small.");
    }
  }

  say(title, text) {
    this.notice.replaceChildren(element("strong", { text: title }), element("span", { text }));
    this.notice.hidden = false;
  }
}
