/** Paper: the map as it is now is copied into a plain picture, because a page cannot print a WebGL canvas that has been shown. */

import { fill, h, part } from "./dom.js";
import { spaced } from "./verdict.js";

/** @param {() => (any | null)[]} maps MapLibre maps from bottom to top, each drawn over the ones before up to its own clip
 * @param {() => number} curtain where the second one ends, 0 to 1
 * @param {() => string} tested how the hot spots on the map were found, "" without any */
export function printing(maps, curtain, tested) {
  const canvas = h("canvas", { id: "print-map", hidden: true, role: "img", "aria-label": "Carte imprimée" });
  const day = h("p", { class: "print-only" });
  part("map").prepend(canvas);
  part("status").append(day);
  addEventListener("beforeprint", () => {
    copy(canvas, maps().filter(Boolean), curtain());
    const method = "Décomptes de signalements bruts\u202f: ils dépendent de qui signale et de combien de personnes passent là. Les origines ne s’additionnent pas.";
    fill(day, `${method} ${spaced(tested())} Imprimé le ${new Date().toLocaleDateString("fr-FR", { day: "numeric", month: "long", year: "numeric" })}. ${location.href}`);
    canvas.hidden = false;
  });
  addEventListener("afterprint", () => { canvas.hidden = true; });
}

/** @param {HTMLCanvasElement} canvas @param {any[]} maps @param {number} curtain */
function copy(canvas, maps, curtain) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  maps.forEach((map, at) => {
    map.redraw(); // what was drawn is kept until this task ends, and no longer
    const from = map.getCanvas();
    if (at === 0) Object.assign(canvas, { width: from.width, height: from.height });
    const width = at === 0 ? from.width : Math.round(from.width * curtain);
    if (width > 0) context.drawImage(from, 0, 0, width, from.height, 0, 0, width, from.height);
  });
}
