/** The filter form: it shows the view and asks the store to change it; it holds nothing itself. */

import { checkCodes, checkedCodes, choice, folded, group, option, selectField } from "./choices.js";
import { plusDays, presets } from "./days.js";
import { fill, h, part } from "./dom.js";
import { EMPTY, FILTERS, codes } from "./state.js";
import { hours, NNBSP, plural, WEEKDAYS } from "./words.js";
import { zoneField } from "./zone-field.js";

/**
 * @typedef {import("./state.js").Store} Store
 * @typedef {import("./state.js").View} View
 * @typedef {import("./api.js").Catalog} Catalog
 */

/**
 * @param {Store} store @param {Catalog} catalog @param {(box: [number, number, number, number]) => void} onzone
 */
export function filterPanel(store, catalog, onzone) {
  const parts = [kinds(store, catalog), period(store, catalog), words(store, "category", "Catégories", catalog.categories, "toutes"),
    zoneField(store, catalog, onzone), moments(store), gravity(store, catalog),
    words(store, "nature", "Nature du signalement", catalog.natures, "toutes"),
    words(store, "place", "Lieu", catalog.places, "tous")].filter((one) => one !== null);
  const reset = h("button", { type: "button", class: "reset", onclick: () => store.change(cleared(store.view)) }, "Effacer les filtres");
  fill(part("filters"), ...parts.map((one) => one.element), reset);
  part("filters").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
  const show = () => parts.forEach((one) => one.show(store.view));
  store.listen(show);
  show();
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
 * @param {Store} store @param {Catalog} catalog */
function period(store, catalog) {
  const from = h("input", { type: "date", id: "from", onchange: take });
  const to = h("input", { type: "date", id: "to", onchange: take });
  const wrong = h("p", { class: "hint", role: "alert", id: "period-wrong" });
  const ready = presets(catalog.period);
  const chips = ready.map((one) => h("button", { type: "button", onclick: () => store.change(one.period) }, one.label));
  function take() {
    const bad = from.value !== "" && to.value !== "" && from.value > to.value;
    fill(wrong, bad && "La date de fin précède la date de début. Corrigez l’une des deux.");
    if (!bad) store.change({ from: from.value, to: to.value && plusDays(to.value, 1) });
  }
  const element = group("Période", h("div", { class: "columns" }, h("div", {}, h("label", { for: "from" }, "Du"), from),
    h("div", {}, h("label", { for: "to" }, "Au (compris)"), to)), wrong, h("div", { class: "chips" }, chips));
  return {
    element,
    show: (/** @type {View} */ view) => {
      from.value = view.from;
      to.value = view.to && plusDays(view.to, -1);
      fill(wrong);
      ready.forEach((one, index) => chips[index].setAttribute("aria-pressed", one.period.from === view.from && one.period.to === view.to));
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
  const boxes = h("div", {}, mapped.map((word) => choice("checkbox", name, word, false, () => store.change({ [name]: checkedCodes(boxes) }))));
  const element = folded(title, hint, h("p", { class: "hint" }, `Rien de coché${NNBSP}: ${all}.`), boxes,
    others.length > 0 && h("p", { class: "hint" }, `Jamais sur la carte, seulement par résidence${NNBSP}: ${others.join(", ")}.`));
  element.open = name === "category";
  return {
    element,
    show: (/** @type {View} */ view) => {
      checkCodes(boxes, view[name]);
      const chosen = codes(view[name]).length;
      fill(hint, chosen ? `(${chosen} sur ${mapped.length})` : `(${all})`);
    },
  };
}

/** @param {Store} store @param {Catalog} catalog */
function gravity(store, catalog) {
  if (catalog.gravities.length === 0) return null;
  const options = [option("", "Toutes, même inconnue"), ...catalog.gravities.filter((one) => Number(one.code) > 1)
    .map((one) => option(String(one.code), `${one.code} – ${one.label} ou plus`))];
  const field = selectField("gravity", "Au moins", options, () => store.change({ gravity_min: select.value }));
  const select = field.querySelector("select");
  const element = group("Gravité", field);
  return { element, show: (/** @type {View} */ view) => { select.value = view.gravity_min; } };
}

/** Hours of the day (they may pass midnight) and days of the week.
 * @param {Store} store */
function moments(store) {
  const hint = h("span", { class: "hint" });
  const hour = (/** @type {number} */ at) => option(String(at), `${at}${NNBSP}h`);
  const start = selectField("hour-start", "De", [option("", "minuit à minuit"), ...range(0, 23).map(hour)], takeStart);
  const end = selectField("hour-end", "À", range(1, 24).map(hour), takeEnd);
  const [startSelect, endSelect] = [start, end].map((field) => field.querySelector("select"));
  function takeStart() {
    const first = startSelect.value;
    store.change({ hours: first && `${first}-${store.view.hours.split("-")[1] ?? (Number(first) + 4) % 24}`.replace(/^(\d+)-\1$/, `${first}-${(Number(first) + 4) % 24}`).replace(/-0$/, "-24") });
  }
  function takeEnd() {
    const first = startSelect.value || "0";
    if (endSelect.value !== first) store.change({ hours: `${first}-${endSelect.value}` === "0-24" ? "" : `${first}-${endSelect.value}` });
  }
  const buttons = WEEKDAYS.map((day, index) => h("button", { type: "button", "aria-label": day, title: day,
    onclick: () => store.change({ weekdays: toggled(store.view.weekdays, String(index + 1)) }) }, day[0].toUpperCase()));
  const element = folded("Heures et jours", hint, h("div", { class: "columns" }, start, end),
    h("div", { class: "days", role: "group", "aria-label": "Jours de la semaine" }, buttons),
    h("p", { class: "hint" }, `Aucun jour choisi${NNBSP}: tous.`));
  return {
    element,
    show: (/** @type {View} */ view) => {
      const [first, last] = view.hours.split("-");
      startSelect.value = view.hours ? first : "";
      endSelect.value = view.hours ? last : "24";
      const days = codes(view.weekdays);
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", days.includes(String(index + 1))));
      fill(hint, `(${[view.hours ? hours(view.hours) : "toutes", days.length ? plural(days.length, "jour") : "tous les jours"].join(", ")})`);
    },
  };
}

/** @param {number} first @param {number} last */
function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** @param {string} text @param {string} code */
function toggled(text, code) {
  const all = codes(text);
  return (all.includes(code) ? all.filter((one) => one !== code) : [...all, code]).sort().join(",");
}
