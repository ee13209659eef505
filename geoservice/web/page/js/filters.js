/** The filter form: it shows the view and asks the store to change it; it holds nothing itself. */

import { checkCodes, checkedCodes, choice, folded, group, option, selectField, showCounts } from "./choices.js";
import { comparison } from "./compare-field.js";
import { plusDays } from "./days.js";
import { fill, h, part } from "./dom.js";
import { chosenWords, HourGrid } from "./hour-grid.js";
import { EMPTY, FILTERS, codes } from "./state.js";
import { NNBSP, number, plural } from "./words.js";
import { zoneField } from "./zone-field.js";

/**
 * @typedef {import("./state.js").Store} Store
 * @typedef {import("./state.js").View} View
 * @typedef {import("./api.js").Catalog} Catalog
 * @typedef {import("./api.js").Facets} Facets
 */

/**
 * @param {Store} store @param {Catalog} catalog @param {(box: [number, number, number, number]) => void} onzone
 */
export function filterPanel(store, catalog, onzone) {
  const parts = [kinds(store, catalog), words(store, "category", "Catégories", catalog.categories, "toutes"), moments(store),
    period(store), zoneField(store, catalog, onzone), gravity(store, catalog),
    words(store, "nature", "Nature du signalement", catalog.natures, "toutes"),
    words(store, "place", "Lieu", catalog.places, "tous")].filter((one) => one !== null);
  const reset = h("button", { type: "button", class: "reset", onclick: () => store.change(cleared(store.view)) }, "Effacer les filtres");
  fill(part("filters"), ...parts.map((one) => one.element), reset);
  part("filters").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
  const show = () => parts.forEach((one) => one.show(store.view));
  store.listen(show);
  show();
  return {
    facets: (/** @type {Facets} */ facets) => parts.forEach((one) => "facets" in one && one.facets(facets)),
    calendar: (/** @type {import("./api.js").Calendar} */ calendar) => parts.forEach((one) => "calendar" in one && one.calendar(calendar)),
  };
}

/** Every filter but the origin, which is never absent, and the period.
 * @param {View} view @returns {Partial<View>} */
function cleared(view) {
  const kept = ["kind", "from", "to"];
  return Object.fromEntries(FILTERS.filter((name) => !kept.includes(name)).map((name) => [name, EMPTY[/** @type {keyof View} */ (name)]]));
}

/** @param {Store} store @param {Catalog} catalog */
function kinds(store, catalog) {
  const element = group("Origine des faits",
    catalog.kinds.map((kind) => choice("radio", "kind", kind, false, () => store.change({ kind: kind.code }))),
    h("p", { class: "hint" }, `Une seule à la fois${NNBSP}: des faits d’origines différentes ne s’additionnent jamais.`));
  return { element, show: (/** @type {View} */ view) => checkCodes(element, view.kind) };
}

/** Two dates, both included as people mean them; the view keeps the day after the last one.
 * @param {Store} store */
function period(store) {
  const from = h("input", { type: "date", id: "from", onchange: take });
  const to = h("input", { type: "date", id: "to", onchange: take });
  const wrong = h("p", { class: "hint", role: "alert", id: "period-wrong" });
  function take() {
    const bad = from.value !== "" && to.value !== "" && from.value > to.value;
    fill(wrong, bad && "La date de fin précède la date de début. Corrigez l’une des deux.");
    if (!bad) store.change({ from: from.value, to: to.value && plusDays(to.value, 1) });
  }
  const element = group("Période", h("div", { class: "columns" }, h("div", {}, h("label", { for: "from" }, "Du"), from),
    h("div", {}, h("label", { for: "to" }, "Au (compris)"), to)), wrong, comparison(store));
  return {
    element,
    show: (/** @type {View} */ view) => {
      from.value = view.from;
      to.value = view.to && plusDays(view.to, -1);
      fill(wrong);
    },
  };
}

/** A folded list of checkboxes; nothing checked means all.
 * @param {Store} store @param {"category" | "nature" | "place"} name @param {string} title
 * @param {import("./api.js").Word[]} list @param {string} all */
function words(store, name, title, list, all) {
  const mapped = list.filter((word) => word.mapped !== false);
  const others = list.filter((word) => word.mapped === false).map((word) => word.label);
  if (mapped.length < 2) return null;
  const hint = h("span", { class: "hint" });
  const unknown = h("p", { class: "hint" });
  const more = h("button", { type: "button", class: "quiet more-words", hidden: true, "aria-expanded": "false", onclick: () => {
    more.setAttribute("aria-expanded", String(boxes.classList.toggle("all")));
  } });
  const boxes = h("div", { class: "choices" }, mapped.map((word) => choice("checkbox", name, word, false, () => store.change({ [name]: checkedCodes(boxes) }))));
  const element = folded(title, hint, boxes, more, unknown,
    others.length > 0 && h("p", { class: "hint" }, `Jamais sur la carte, seulement par résidence${NNBSP}: ${others.join(", ")}.`));
  element.open = name === "category";
  return {
    element,
    show: (/** @type {View} */ view) => {
      checkCodes(boxes, view[name]);
      const chosen = codes(view[name]).length;
      fill(hint, chosen ? `(${chosen} sur ${mapped.length})` : `(${all})`);
    },
    facets: (/** @type {Facets} */ facets) => {
      showCounts(boxes, facets[name]);
      const empty = boxes.querySelectorAll(".none").length;
      more.hidden = empty === 0;
      fill(more, plural(empty, "autre sans fait", "autres sans fait"));
      const none = facets[name].find((one) => one.code === null)?.count ?? 0;
      fill(unknown, none > 0 && `${plural(none, "fait")} sans cette information.`);
    },
  };
}

/** At least this grave; counts are of each degree alone.
 * @param {Store} store @param {Catalog} catalog */
function gravity(store, catalog) {
  if (catalog.gravities.length === 0) return null;
  const options = [option("", "Toutes, même inconnue"), ...catalog.gravities.filter((one) => Number(one.code) > 1)
    .map((one) => option(String(one.code), `${one.code} – ${one.label} ou plus`))];
  const field = selectField("gravity", "Au moins", options, () => store.change({ gravity_min: select.value }));
  const select = field.querySelector("select");
  const counts = h("p", { class: "hint" });
  const element = group("Gravité", field, counts);
  return {
    element,
    show: (/** @type {View} */ view) => { select.value = view.gravity_min; },
    facets: (/** @type {Facets} */ facets) => {
      const known = facets.gravity.filter((one) => one.count > 0);
      fill(counts, known.map((one) => `${one.code === null ? "inconnue" : one.code}${NNBSP}: ${number(one.count)}`).join(" · "));
    },
  };
}

/** Hours of the day (they may pass midnight) and days of the week.
 * @param {Store} store */
function moments(store) {
  const hint = h("span", { class: "hint" });
  const grid = new HourGrid("Faits par jour de la semaine et heure", (chosen) => store.change(chosen));
  const hour = (/** @type {number} */ at) => option(String(at), `${at}${NNBSP}h`);
  const start = selectField("hour-start", "De", [option("", "minuit à minuit"), ...range(0, 23).map(hour)], () => take(startSelect.value, ""));
  const end = selectField("hour-end", "À", range(1, 24).map(hour), () => take(startSelect.value || "0", endSelect.value));
  const [startSelect, endSelect] = [start, end].map((field) => field.querySelector("select"));
  const take = (/** @type {string} */ first, /** @type {string} */ last) => store.change({ hours: hoursText(first, last || store.view.hours.split("-")[1]) });
  const clear = h("button", { type: "button", onclick: () => store.change({ hours: "", weekdays: "" }) }, "Toute la semaine");
  const lacking = h("p", { class: "hint" });
  const element = folded("Heures et jours", hint, grid.element, lacking, h("div", { class: "columns" }, start, end), h("div", { class: "chips" }, clear));
  element.open = true;
  return {
    element,
    show: (/** @type {View} */ view) => {
      const [first, last] = view.hours.split("-");
      startSelect.value = view.hours ? first : "";
      endSelect.value = view.hours ? last : "24";
      clear.hidden = !view.hours && !view.weekdays;
      grid.show(grid.counts, view);
      fill(hint, `(${chosenWords(view)})`);
    },
    calendar: (/** @type {import("./api.js").Calendar} */ answer) => {
      const none = answer.counts.flat().every((count) => count === 0);
      grid.show(answer.counts, store.view);
      grid.element.hidden = none;
      fill(lacking, none ? "Aucun de ces faits n’a d’heure connue." : "", !none && answer.unknown > 0 && `${plural(answer.unknown, "fait")} sans heure connue, hors de ce tableau. `, !none && "Glissez, ou touches fléchées avec Maj puis Entrée.");
    },
  };
}

/** Two ends of a stretch of hours as in the address; equal ends become four hours, the whole day becomes nothing.
 * @param {string} first @param {string | undefined} last */
function hoursText(first, last) {
  if (first === "") return "";
  const end = last === undefined || Number(last) % 24 === Number(first) ? (Number(first) + 4) % 24 || 24 : Number(last);
  return Number(first) === 0 && end === 24 ? "" : `${Number(first)}-${end}`;
}

/** @param {number} first @param {number} last */
function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
