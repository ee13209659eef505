/** The form's closed lists as big buttons: radio inputs underneath, so a keyboard and a screen reader have them too. */

import { fill, h } from "./dom.js";

/**
 * @typedef {{code: string, label: string}} Word
 * @typedef {{organisation: string, kind: string, categories: (Word & {subcategories: Word[]})[], natures: Word[], places: Word[], gravities: Word[],
 *   residences: [string, string, number | null, number | null][], halls: [string, string, string, number | null, number | null][]}} Lists
 */

/** One of a list. @param {string} name @param {string} title @param {Word[]} words @param {{chosen?: string, shape?: string, onchange?: () => void}} [how] */
export function choices(name, title, words, { chosen = "", shape = "chips", onchange } = {}) {
  return h("fieldset", { id: `field-${name}`, onchange }, h("legend", {}, title),
    h("div", { class: shape }, words.map((word) => choice(name, word.code, word.label, word.code === chosen))));
}

/** @param {string} name @param {string} value @param {any} content @param {boolean} [checked] */
export function choice(name, value, content, checked = false) {
  return h("label", { class: "choice" }, h("input", { type: "radio", name, value, checked }), h("span", {}, content));
}

/** What, how bad, and the rest; nothing but the category is asked for. @param {Lists} lists @param {string} nature the last one used here */
export function fields(lists, nature) {
  const below = h("div", { "aria-live": "polite" });
  const pick = () => fill(below, subcategories(lists, value("category")));
  return [
    choices("category", "Quoi ?", lists.categories, { shape: "grid", onchange: pick }), below,
    choices("place", "À quel endroit ?", lists.places),
    choices("gravity", "Gravité", lists.gravities),
    choices("complaint", "Plainte déposée ?", [{ code: "oui", label: "Oui" }, { code: "non", label: "Non" }, { code: "inconnu", label: "Je ne sais pas" }], { chosen: "inconnu" }),
    choices("when", "Quand ?", [{ code: "now", label: "Maintenant" }, { code: "earlier", label: "Plus tôt" }], { chosen: "now", onchange: earlier }),
    h("div", { id: "earlier", class: "row two", hidden: true },
      h("label", { class: "field" }, "Jour", h("input", { type: "date", name: "date", max: today() })),
      h("label", { class: "field" }, "Heure, si elle est connue", h("input", { type: "time", name: "time" }))),
    h("details", {}, h("summary", {}, "Qui signale, coût"),
      choices("nature", "Qui signale ?", lists.natures, { chosen: nature }),
      h("label", { class: "field" }, "Coût de remise en état, en euros, s’il est connu", h("input", { name: "cost", inputmode: "decimal", maxlength: "10" }))),
  ];
}

/** @param {Lists} lists @param {string} code */
function subcategories(lists, code) {
  const words = lists.categories.find((one) => one.code === code)?.subcategories ?? [];
  return words.length ? choices("subcategory", "Plus précisément", [...words, { code: "", label: "Non précisé" }], { shape: "grid" }) : null;
}

function earlier() {
  const there = /** @type {HTMLElement} */ (document.getElementById("earlier"));
  there.hidden = value("when") !== "earlier";
  const day = /** @type {HTMLInputElement} */ (there.querySelector("[name=date]"));
  if (!there.hidden && !day.value) day.value = today();
}

/** The chosen word or the text of a field. @param {string} name @returns {string} */
export function value(name) {
  return String(new FormData(/** @type {HTMLFormElement} */ (document.getElementById("form"))).get(name) ?? "");
}

/** The local day, ISO. @param {Date} [moment] */
export function today(moment = new Date()) {
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** The local time, HH:MM. @param {Date} [moment] */
export function clock(moment = new Date()) {
  return moment.toTimeString().slice(0, 5);
}

/** The body of the fact that the form says; a sentence instead where something is missing.
 * @param {{residence: string, hall: string} | null} spot @param {string} kind @returns {{body: any} | {missing: string, field: string}} */
export function read(spot, kind) {
  if (!spot) return { missing: "Choisissez la résidence ou le hall.", field: "field-where" };
  if (!value("category")) return { missing: "Choisissez ce qui s’est passé.", field: "field-category" };
  const cost = value("cost").replace(",", ".").replace(/\s/g, "");
  if (cost && !(Number(cost) >= 0)) return { missing: "Le coût est un nombre d’euros, par exemple 120 ou 89,50.", field: "form" };
  const now = value("when") !== "earlier";
  if (!now && !value("date")) return { missing: "Donnez le jour.", field: "field-when" };
  if (!now && value("date") > today()) return { missing: "Ce jour n’est pas encore venu.", field: "field-when" };
  const category = [value("category"), value("subcategory")].filter(Boolean).join(".");
  const given = { kind, date: now ? today() : value("date"), time: now ? clock() : value("time"), category, residence: spot.residence, hall: spot.hall,
    place: value("place"), nature: value("nature"), complaint: value("complaint") };
  const body = Object.fromEntries(Object.entries(given).filter(([, text]) => text));
  return { body: { ...body, ...(value("gravity") ? { gravity: Number(value("gravity")) } : {}), ...(cost ? { cost: Number(cost) } : {}) } };
}

/** An identifier that nobody else has; over plain HTTP browsers give no randomUUID. */
export function identifier() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
