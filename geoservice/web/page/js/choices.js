/** Small form controls that the panels share. */

import { fill, h } from "./dom.js";
import { number } from "./words.js";
import { codes } from "./state.js";

/** A checkbox or radio with its words, and a count when there is one.
 * @param {"checkbox" | "radio"} type @param {string} name @param {import("./api.js").Word} word @param {boolean} checked
 * @param {(event: Event) => void} onchange */
export function choice(type, name, word, checked, onchange) {
  return h("label", { class: "choice" }, h("input", { type, name, value: word.code, checked, onchange }), word.label,
    h("span", { class: "count" }, word.facts !== undefined && number(word.facts)));
}

/** Put counts beside the words of a group; a word without facts recedes but stays a choice when it is chosen.
 * @param {HTMLElement} group @param {import("./api.js").FacetWord[]} facets */
export function showCounts(group, facets) {
  const counts = new Map(facets.map((one) => [String(one.code), one.count]));
  for (const label of group.querySelectorAll("label.choice")) {
    const input = /** @type {HTMLInputElement} */ (label.querySelector("input"));
    const count = counts.get(input.value) ?? 0;
    fill(/** @type {Element} */ (label.querySelector(".count")), number(count));
    label.classList.toggle("none", count === 0 && !input.checked);
  }
}

/** Codes of the checked boxes of a group, in the order of the list.
 * @param {HTMLElement} group */
export function checkedCodes(group) {
  return [...group.querySelectorAll("input")].filter((input) => input.checked).map((input) => input.value).join(",");
}

/** @param {HTMLElement} group @param {string} text codes separated by commas */
export function checkCodes(group, text) {
  const wanted = new Set(codes(text));
  for (const input of group.querySelectorAll("input")) input.checked = wanted.has(input.value);
}

/** @param {string} value @param {string} label */
export function option(value, label) {
  return h("option", { value }, label);
}

/** A labelled select.
 * @param {string} id @param {string} label @param {Node[]} options @param {(event: Event) => void} onchange */
export function selectField(id, label, options, onchange) {
  return h("div", { class: "field" }, h("label", { for: id }, label), h("select", { id, onchange }, options));
}

/** A group of controls with its name.
 * @param {string} title @param {...any} children */
export function group(title, ...children) {
  return h("fieldset", { class: "group" }, h("legend", {}, title), ...children);
}

/** A group that starts folded; `hint` says in the fold what is chosen.
 * @param {string} title @param {Node} hint @param {...any} children */
export function folded(title, hint, ...children) {
  return h("details", { class: "group" }, h("summary", {}, `${title} `, hint),
    h("fieldset", {}, h("legend", { class: "unseen" }, title), ...children));
}
