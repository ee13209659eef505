/** What can be taken away from a view: its address, its numbers as files, a printed page. */

import { fill, h, part } from "./dom.js";
import { filters, HOT_MODE } from "./state.js";

const FORMATS = [["csv", "Tableau (CSV)"], ["geojson", "GeoJSON"], ["gpkg", "GeoPackage"], ["geoparquet", "GeoParquet"]];

/** @param {import("./state.js").Store} store @param {() => string} bbox of what is on the screen, "" without a map */
export function exportsMenu(store, bbox) {
  const files = FORMATS.map(([format, label]) => ({ format, link: h("a", { download: "" }, label) }));
  const pdf = h("a", { download: "" }, "Page A4 (PDF)");
  const image = h("a", { download: "" }, "Image de la carte (PNG)");
  const code = h("a", { download: "" }, "Extrait Python");
  const copied = h("span", { role: "status", class: "unseen" });
  const copy = h("button", { type: "button", onclick: async () => {
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    fill(copied, "Adresse copiée");
    fill(copy, "Adresse copiée");
    setTimeout(() => fill(copy, "Copier l’adresse de cette vue"), 2000);
  } }, "Copier l’adresse de cette vue");
  const menu = h("details", { class: "menu" }, h("summary", { role: "button" }, "Partager"), h("div", { class: "menu-body" }, copy, copied,
    h("button", { type: "button", onclick: () => { menu.open = false; print(); } }, "Imprimer cette vue"), pdf, image,
    ...files.map((one) => one.link), code));
  menu.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("toggle", () => {
    const params = filters(store.view);
    const hot = store.view.mode === HOT_MODE;
    const resolution = hot ? store.view.mesh : part("map").dataset.resolution;
    if (resolution) params.set("resolution", resolution);
    const [seen, pixels] = onScreen(bbox());
    const shown = `${params}${hot ? "&show=hotspots" : ""}${seen}`;
    pdf.href = `/api/carte.pdf?${shown}`;
    image.href = `/api/map.png?${shown}${pixels}`;
    code.href = `/api/snippet?${params}`;
    for (const { format, link } of files) link.href = `/api/${hot ? "hotspots" : "cells"}?${params}&format=${format}`;
  });
  fill(part("outputs"), menu);
}

/** What a picture of the view has to show: its extent and its size on the screen, twice as fine for paper.
 * @param {string} bbox @returns {[string, string]} more of an address */
function onScreen(bbox) {
  if (!bbox) return ["", ""];
  const { clientWidth, clientHeight } = part("map");
  const pixels = (/** @type {number} */ size) => Math.max(120, Math.min(4000, Math.round(2 * size)));
  return [`&bbox=${bbox}`, `&width=${pixels(clientWidth)}&height=${pixels(clientHeight)}`];
}
