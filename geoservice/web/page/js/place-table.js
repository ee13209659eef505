/** Tables of a place: one row a thing, numbers to the right, scrolling on their own. */

import { h } from "./dom.js";

/** @param {string} label @param {any[]} head @param {any[][]} rows @param {string} [note] */
export function table(label, head, rows, note) {
  const cells = (/** @type {any[]} */ row) => row.map((cell, at) => (at ? h("td", { class: "number" }, cell) : h("th", { scope: "row" }, cell)));
  return [h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, h("table", { class: "sheet" },
    h("thead", {}, h("tr", {}, head.map((name, at) => h("th", { scope: "col", class: at ? "number" : "" }, name)))), h("tbody", {}, rows.map((row) => h("tr", {}, cells(row)))))),
  note && h("p", { class: "hint" }, note)];
}
