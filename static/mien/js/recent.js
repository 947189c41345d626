// The photos that are there already, on the start page.

import { addresses, api } from "./api.js";
import { byId, element } from "./element.js";
import { whenGone } from "./expiry.js";

const MOST = 12;

/** List the photos; `onOpen` hears the id of the one that is chosen. */
export async function showRecent(onOpen) {
  let photos;
  try {
    photos = await api.photos(MOST);
  } catch {
    // The start page works without the list; whoever drops a photo learns what is wrong.
    photos = [];
  }
  byId("recent").hidden = !photos.length;
  byId("recent-list").replaceChildren(...photos.map((photo) => element("li", {}, card(photo, onOpen))));
}

function card(photo, onOpen) {
  const open = (event) => {
    if (photo.video || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onOpen(photo.id);
  };
  const count = photo.faces?.length;
  const faces = photo.video ? "Video, " : count === undefined ? "" : count === 1 ? "1 face, " : `${count} faces, `;
  return element(
    "a",
    { class: "recent-card", href: addresses.page(photo), on: { click: open } },
    element("img", { src: addresses.thumbnail(photo), alt: `${photo.video ? "Video" : "Photo"} of ${photo.width} by ${photo.height} pixels`, loading: "lazy" }),
    element("span", { text: `${faces}deleted ${whenGone(photo.expires_at)}` }),
  );
}
