/** What the page of imports says: sizes, states, counts, tables of refused lines. */

import { h } from "./dom.js";
import { labelled, NNBSP, number, plural } from "./words.js";

/** @typedef {import("./import-api.js").Run} Run */

const MOMENT = new Intl.DateTimeFormat("fr-FR", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const UNITS = ["octets", "Ko", "Mo", "Go"];

/** @type {Record<string, string>} */
export const STATES = { received: "En attente", reading: "En cours", done: "Terminé", failed: "Échec", undoing: "Annulation en cours", undone: "Annulé" };

/** @param {Run} run */
export const ended = (run) => ["done", "failed", "undone"].includes(run.status);

/** « 1,2 Mo ».
 * @param {number} bytes */
export function size(bytes) {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${new Intl.NumberFormat("fr-FR", { maximumFractionDigits: value < 10 && power ? 1 : 0 }).format(value)}${NNBSP}${UNITS[power]}`;
}

/** « 12 sept. 2026, 14:05 », on the clock of whoever reads.
 * @param {string} iso */
export const moment = (iso) => MOMENT.format(new Date(iso));

/** Counts as figures with their words.
 * @param {[number, string][]} pairs */
export function sums(pairs) {
  return h("dl", { class: "sums" }, pairs.map(([value, label]) => h("div", {}, h("dt", {}, label), h("dd", {}, number(value)))));
}

/** @param {Run} run */
export function outcome(run) {
  return sums([[run.lines, run.lines < 2 ? "ligne lue" : "lignes lues"], [run.accepted, run.accepted < 2 ? "nouvelle" : "nouvelles"],
    [run.updated, "mises à jour"], [run.unchanged, "déjà connues"], [run.duplicates, "en double"], [run.rejected, run.rejected < 2 ? "refusée" : "refusées"]]);
}

/** @param {import("./import-api.js").Note[]} notes */
export function notes(notes) {
  return notes.length > 0 && h("ul", { class: "notes" }, notes.map((note) => h("li", {},
    `${note.sentence} (${plural(note.count, "fois", "fois")}, par exemple ligne ${number(note.line)})`)));
}

/** A table of refused lines, each with its reason.
 * @param {import("./import-api.js").Reject[]} rejects @param {number} total */
export function rejectTable(rejects, total) {
  const caption = rejects.length < total ? `Les ${number(rejects.length)} premières lignes refusées sur ${number(total)}`
    : plural(total, "ligne refusée", "lignes refusées");
  return h("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": caption }, h("table", {}, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "number" }, "Ligne"), h("th", { scope: "col" }, "Colonne"),
      h("th", { scope: "col" }, "Valeur"), h("th", { scope: "col" }, "Pourquoi, et que faire"))),
    h("tbody", {}, rejects.map((one) => h("tr", {}, h("td", { class: "number" }, number(one.line)), h("td", {}, one.column || "–"),
      h("td", {}, one.value || "–"), h("td", {}, one.sentence))))));
}

const SCREEN = { width: 560, height: 480, tile: 512 }; // about what the map has on an office screen
const CLOSEST = 16;

/** The address of the map where and when the facts of an import are.
 * @param {Run} run */
export function onTheMap({ extent }) {
  if (!extent) return "/";
  const { kind, from, to, bbox } = extent;
  const params = new URLSearchParams({ kind, from, to });
  if (bbox) params.set("at", middle(bbox));
  return `/#${params.toString().replaceAll("%2C", ",")}`;
}

/** « longitude,latitude,zoom » from which a box is seen whole. @param {[number, number, number, number]} box */
function middle([west, south, east, north]) {
  const lat = (south + north) / 2;
  const world = (/** @type {number} */ degrees, /** @type {number} */ pixels) => Math.log2((pixels * 360) / (SCREEN.tile * Math.max(degrees, 1e-4)));
  const zoom = Math.min(world(east - west, SCREEN.width), world((north - south) / Math.cos((lat * Math.PI) / 180), SCREEN.height), CLOSEST);
  return [((west + east) / 2).toFixed(5), lat.toFixed(5), Math.max(0, zoom).toFixed(2)].join(",");
}

/** @param {Run} run */
export function runTitle(run) {
  return labelled(`Import n°${NNBSP}${run.id}`, run.files.map((file) => file.name).join(", ") || run.source);
}
