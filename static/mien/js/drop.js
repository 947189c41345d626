// Files dropped anywhere on the page; while they hover, `data-dropping` of the body says so.

function carriesFiles(event) {
  return [...(event.dataTransfer?.types || [])].includes("Files");
}

/** Call `onDrop` with what is dropped, a DataTransfer. */
export function listenForDrops(onDrop) {
  let depth = 0; // of the elements that were entered and not left
  const veil = (on) => {
    if (on) document.body.dataset.dropping = "";
    else delete document.body.dataset.dropping;
  };
  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    veil(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) veil(false);
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    veil(false);
    onDrop(event.dataTransfer);
  });
}
