/** The legend of the facts: classes with their bounds and how many cells they hold, and hexagons or heat. */

import { fill, h, part, swatch } from "./dom.js";
import { bounds } from "./palette.js";
import { NNBSP, number } from "./words.js";

const MODES = [["hexagones", "Hexagones"], ["chaleur", "Chaleur"]];
const WIDTHS_M = { 5: 18500, 6: 7000, 7: 2600, 8: 1000, 9: 380, 10: 140, 11: 54, 12: 20 }; // between opposite sides of a cell

/**
 * @param {import("./state.js").Store} store
 * @param {import("./counts.js").Territory} territory
 */
export function legend(store, territory) {
  const { mode } = store.view;
  const modes = MODES.map(([code, label]) => h("button", { type: "button", "aria-pressed": String(mode === code),
    onclick: () => store.change({ mode: code }) }, label));
  const focused = document.activeElement?.parentElement?.classList.contains("modes");
  const folded = part("legend").querySelector("details")?.open === false;
  fill(part("legend"), h("details", { open: !folded }, mode === "chaleur" ? heat() : hexagons(territory)),
    h("div", { class: "modes", role: "group", "aria-label": "Façon de dessiner" }, modes));
  if (focused) modes[MODES.findIndex(([code]) => code === mode)].focus();
}

/** @param {import("./counts.js").Territory} territory */
function hexagons(territory) {
  const width = WIDTHS_M[/** @type {keyof typeof WIDTHS_M} */ (territory.resolution)];
  const about = width && `Hexagones d’environ ${width < 1000 ? `${width}${NNBSP}m` : `${number(Math.round(width / 1000))}${NNBSP}km`} de large. `;
  if (territory.classes.length === 0) return [h("summary", {}, "Faits par hexagone"), h("p", {}, "Aucun fait avec ces filtres.")];
  return [h("summary", {}, "Faits par hexagone"), h("ul", {}, territory.classes.map((one) => h("li", {}, swatch(one.colour),
    bounds(one, number), h("span", { class: "cells" }, `${number(one.cells)} ${one.cells > 1 ? "cases" : "case"}`)))),
  h("p", { class: "hint" }, about, "Classes calculées sur tout le territoire.")];
}

function heat() {
  return [h("summary", {}, "Densité des faits"), h("span", { class: "heat-ramp", "aria-hidden": "true" }),
    h("p", { class: "heat-ends" }, h("span", {}, "faible"), h("span", {}, "forte")),
    h("p", { class: "hint" }, "Image lissée, sans unité. Pour des nombres, voyez les hexagones ou le tableau.")];
}
