/** The legend of the facts is a control: each class can be hidden; below it, hexagons or heat. */

import { fill, h, part, swatch } from "./dom.js";
import { hotLegend } from "./legend-hot.js";
import { bounds } from "./palette.js";
import { codes, HOT_MODE } from "./state.js";
import { NNBSP, number } from "./words.js";

const MODES = [[HOT_MODE, "Points chauds"], ["hexagones", "Hexagones"], ["chaleur", "Chaleur"]];
const WIDTHS_M = { 5: 18500, 6: 7000, 7: 2600, 8: 1000, 9: 380, 10: 140, 11: 54, 12: 20 }; // between opposite sides of a cell

/** @typedef {import("./state.js").Store} Store */

/**
 * @param {Store} store
 * @param {import("./counts.js").Territory} territory
 * @param {boolean} live whether the map can be redrawn here, or comes drawn from the server
 * @param {import("./hot-view.js").HotView} hotspots
 */
export function legend(store, territory, live, hotspots) {
  const { mode } = store.view;
  const modes = MODES.filter(([code]) => live || code !== "chaleur").map(([code, label]) => h("button", { type: "button", "data-key": code, "aria-pressed": String(mode === code),
    onclick: () => store.change({ mode: code, hide: "" }) }, label));
  const focused = part("legend").contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
  const folded = part("legend").querySelector("details")?.open === false;
  fill(part("legend"), h("details", { open: !folded }, mode === HOT_MODE ? hotLegend(store, hotspots, live) : mode === "chaleur" && live ? heat() : hexagons(store, territory, live)),
    h("div", { class: "modes", role: "group", "aria-label": "Façon de dessiner" }, modes));
  if (focused) part("legend").querySelector(`[data-key="${focused}"]`)?.focus();
}

/** @param {Store} store @param {import("./counts.js").Territory} territory @param {boolean} live */
function hexagons(store, territory, live) {
  const width = WIDTHS_M[/** @type {keyof typeof WIDTHS_M} */ (territory.resolution)];
  const about = width && `Environ ${width < 1000 ? `${width}${NNBSP}m` : `${number(Math.round(width / 1000))}${NNBSP}km`} de large. `;
  if (territory.classes.length === 0) return [h("summary", {}, "Faits par hexagone"), h("p", {}, "Aucun fait avec ces filtres.")];
  const hidden = new Set(codes(store.view.hide).map(Number));
  return [h("summary", {}, "Faits par hexagone"), h("ul", {}, territory.classes.map((one, at) => h("li", {}, line(store, one, at, !hidden.has(at), live && territory.shape !== null)))),
    h("p", { class: "hint" }, about, live && territory.shape ? "Une classe se masque d’un clic." : "")];
}

/** @param {Store} store @param {import("./palette.js").CountClass} one @param {number} at @param {boolean} shown @param {boolean} control */
function line(store, one, at, shown, control) {
  const cells = `${number(one.cells)} ${one.cells > 1 ? "cases" : "case"}`;
  const content = [swatch(one.colour), h("span", { class: "bounds" }, bounds(one, number)),
    h("span", { class: "cells" }, number(one.cells), h("span", { class: "unit" }, one.cells > 1 ? " cases" : " case"))];
  if (!control) return h("span", { class: "class" }, content); // tiles draw every class
  return h("button", { type: "button", class: "class", "data-key": `class-${at}`, "aria-pressed": String(shown),
    "aria-label": `Montrer les cases de ${bounds(one, number)}${NNBSP}: ${cells}`, onclick: () => store.change({ hide: toggled(store.view.hide, at) }) }, content);
}

/** @param {string} hide @param {number} at */
function toggled(hide, at) {
  const all = codes(hide);
  return (all.includes(String(at)) ? all.filter((one) => one !== String(at)) : [...all, String(at)]).sort().join(",");
}

function heat() {
  return [h("summary", {}, "Densité des faits"), h("span", { class: "heat-ramp", "aria-hidden": "true" }),
    h("p", { class: "heat-ends" }, h("span", {}, "faible"), h("span", {}, "forte")),
    h("p", { class: "hint" }, "Image lissée, sans unité. Pour des nombres, voyez les hexagones ou le tableau.")];
}
