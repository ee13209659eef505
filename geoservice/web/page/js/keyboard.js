/** Keys that work everywhere but in a field, the panels that are sheets on a tablet, and the skip links. */

import { part } from "./dom.js";

/** @param {{ontable: () => void, onescape: () => boolean}} ears */
export function keyboard(ears) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || part("help").open) return;
    if (event.key === "Escape") {
      if (closeSheets() || ears.onescape()) event.preventDefault();
    } else if (!isTyping(event.target)) {
      shortcut(event, ears.ontable);
    }
  });
  sheets();
  skips();
  part("help-open").addEventListener("click", () => part("help").showModal());
}

/** @param {KeyboardEvent} event @param {() => void} ontable */
function shortcut(event, ontable) {
  if (event.key === "t") ontable();
  else if (event.key === "/") {
    part("search").focus();
  } else return;
  event.preventDefault();
}

/** @param {any} target */
function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=radio]), select, textarea");
}

const SHEETS = ["left", "right"];

function sheets() {
  for (const name of SHEETS) {
    part(`${name}-toggle`).addEventListener("click", () => (part(name).classList.contains("open") ? closeSheets() : openSheet(name)));
  }
}

/** Slide a panel in, where panels are sheets; elsewhere this changes nothing that shows.
 * @param {string} name */
export function openSheet(name) {
  for (const one of SHEETS) {
    part(one).classList.toggle("open", one === name);
    part(`${one}-toggle`).setAttribute("aria-expanded", String(one === name));
  }
}

/** @returns {boolean} whether a visible sheet was closed */
export function closeSheets() {
  const open = SHEETS.filter((name) => part(name).classList.contains("open"));
  for (const name of open) {
    part(name).classList.remove("open");
    part(`${name}-toggle`).setAttribute("aria-expanded", "false");
  }
  const shown = open.filter((name) => part(`${name}-toggle`).offsetParent !== null);
  if (shown.length) part(`${shown[0]}-toggle`).focus();
  return shown.length > 0;
}

/** The address belongs to the view, so a skip link moves the focus and leaves the # alone. */
function skips() {
  for (const link of document.querySelectorAll("[data-skip]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const name = /** @type {string} */ (link.getAttribute("data-skip"));
      if (name === "table" && part("table").hidden) part("table-toggle").click();
      if (name === "left") openSheet("left");
      (name === "map" ? document.querySelector(".maplibregl-canvas") ?? part("map") : part(name)).focus();
    });
  }
}
