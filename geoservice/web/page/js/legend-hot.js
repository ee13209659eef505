/** The legend of hot spots: what each look means and how many areas have it, the size of the hexagons, how it was tested. */

import { h } from "./dom.js";
import { MESHES, VERDICT_WORDS, VERDICTS } from "./hotspots.js";
import { codes } from "./state.js";
import { NNBSP, number } from "./words.js";

const MEANING = { solide: "résiste à tous les contrôles", fragile: "à confirmer", artefact: "tient à l’enregistrement" };

/**
 * @param {import("./state.js").Store} store @param {import("./hot-view.js").HotView} hotspots
 * @param {boolean} live whether the map can be redrawn here
 */
export function hotLegend(store, { last: hot, failed }, live) {
  const title = h("summary", {}, "Points chauds");
  if (failed) return [title, h("p", {}, "Les points chauds n’ont pas pu être calculés."), mesh(store)];
  if (!hot) return [title, h("p", { class: "hint" }, "Recherche des points chauds…")];
  if (!hot.enough) return [title, h("p", {}, hot.answer.reason?.sentence ?? ""), mesh(store)];
  const hidden = new Set(codes(store.view.hide).map(Number));
  return [title, h("ul", {}, VERDICTS.map((look, at) => h("li", {}, line(store, hot, look, at, !hidden.has(at), live))),
    h("li", {}, h("span", { class: "class" }, mark("reste"), h("span", { class: "bounds" }, "Rien d’inhabituel")))),
  hot.answer.unit === "residence" ? h("p", { class: "hint" }, "Résidences comparées selon leurs logements, chacune à son point.") : mesh(store), h("details", { class: "method" }, h("summary", {}, "Méthode"), h("p", { class: "hint" }, hot.answer.method.sentence.replaceAll(" ;", `${NNBSP};`)))];
}

/** @param {import("./state.js").Store} store @param {import("./hotspots.js").Hot} hot @param {import("./hotspots.js").Verdict} look
 * @param {number} at @param {boolean} shown @param {boolean} live */
function line(store, hot, look, at, shown, live) {
  const count = hot.areas(look).length;
  const content = [mark(look), h("span", { class: "bounds" }, VERDICT_WORDS[look]), h("span", { class: "cells" }, number(count))];
  const words = `${VERDICT_WORDS[look]}, ${MEANING[look]}${NNBSP}: ${number(count)}`;
  if (!live || count === 0) return h("span", { class: "class", title: words }, content);
  const toggle = () => {
    const all = codes(store.view.hide);
    store.change({ hide: (all.includes(String(at)) ? all.filter((one) => one !== String(at)) : [...all, String(at)]).sort().join(",") });
  };
  return h("button", { type: "button", class: "class", "data-key": `class-${at}`, "aria-pressed": String(shown), "aria-label": `Montrer${NNBSP}: ${words}`, title: words, onclick: toggle }, content);
}

/** The look of a verdict, small. @param {string} look */
export function mark(look) {
  return h("span", { class: `spot spot-${look}`, "aria-hidden": "true" });
}

/** @param {import("./state.js").Store} store */
function mesh(store) {
  const select = h("select", { id: "mesh", "data-key": "mesh", onchange: () => store.change({ mesh: select.value, cell: "" }) },
    MESHES.map(([code, width]) => h("option", { value: code, selected: code === store.view.mesh }, `environ ${width}`)));
  return h("p", { class: "mesh" }, h("label", { for: "mesh" }, "Hexagones"), select);
}
