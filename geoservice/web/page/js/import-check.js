/** What was recognised in a file, and the controls that correct it. Every change is tried again on the file's first lines. */

import { fill, h, part } from "./dom.js";
import { notes, rejectTable, size, sums } from "./import-words.js";
import { labelled, list, NNBSP, number, plural } from "./words.js";

/**
 * @typedef {import("./import-api.js").Preview} Preview
 * @typedef {import("./import-api.js").Asked} Asked
 */

const SYSTEMS = [["", "Reconnu d’après les nombres"], ["EPSG:2154", "Lambert-93 (France métropolitaine)"], ["EPSG:4326", "Longitude et latitude (WGS 84)"],
  ["EPSG:3857", "Web Mercator"], ["EPSG:5490", "UTM 20 (Antilles)"], ["EPSG:2972", "UTM 22 (Guyane)"], ["EPSG:2975", "UTM 40 (La Réunion)"],
  ["EPSG:4471", "UTM 38 (Mayotte)"]];

/** @param {Asked} asked @returns {Asked} the file alone */
const start = ({ upload }) => ({ upload });

/** What a person corrected in one file. */
export class Check {
  /** @param {string} upload @param {() => void} changed @param {() => void} saveRejects */
  constructor(upload, changed, saveRejects) {
    /** @type {Asked} */
    this.asked = { upload };
    this.changed = changed;
    this.saveRejects = saveRejects;
  }

  /** @param {Preview} found */
  show(found) {
    const focused = document.activeElement?.id;
    const opened = [...document.querySelectorAll("#values details[open]")].map((one) => one.id);
    this.found = found;
    this.asked.layer = found.layer;
    part("check").hidden = false;
    fill(part("check-words"), this.summary(found));
    fill(part("how"), this.choices(found));
    fill(part("columns"), this.columns(found));
    fill(part("values"), found.values.map((one) => this.values(found, one)));
    fill(part("trial"), this.trial(found));
    part("run").disabled = !found.trial || found.trial.accepted === 0;
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {Preview} found */
  summary(found) {
    const what = `${found.name} (${size(found.size)})`;
    const layer = found.layers.find((one) => one.name === found.layer)?.title ?? found.layer;
    return found.source.known ? `${labelled(what, `reconnu comme « ${found.source.title} »`)}, pour la couche « ${layer} ». Vérifiez les colonnes, puis importez.`
      : `${labelled(what, "ce fichier ne ressemble à aucun export connu")} de la couche « ${layer} ». Dites ci-dessous ce que contient chaque colonne.`;
  }

  /** @param {Preview} found */
  choices(found) {
    const projected = found.fields.some((field) => field.column && ["x", "lon", "point"].includes(field.name));
    return [this.choice("layer", "Couche", found.layers.map((one) => [one.name, one.title]), found.layer, (layer) => {
      this.asked = { ...this.table(), layer };
    }), ...this.tables(found), found.stores === "facts" && this.choice("kind", "Qui a vu ces faits", found.kinds.map((one) => [one.code, one.label]), found.kind ?? "",
      (kind) => { this.asked.kind = kind; }),
    projected && this.choice("crs", "Système des coordonnées", SYSTEMS, found.crs ?? "", (crs) => {
      if (crs) this.asked.crs = crs;
      else delete this.asked.crs;
    }), found.dates && this.choice("dates", "Ordre des dates", [["jour", "Jour puis mois (31/12)"], ["mois", "Mois puis jour (12/31)"]], found.dates,
      (dates) => { this.asked.dates = dates; })];
  }

  /** Which table of the file, where there are several; another table has other columns.
   * @param {Preview} found */
  tables({ members, tables }) {
    const same = members.map((one) => [one, one]);
    return [members.length > 1 && this.choice("member", "Fichier de l’archive", [["", "Tous ceux qui se ressemblent"], ...same], this.asked.member ?? "",
      (member) => { this.asked = { ...start(this.asked), ...(member && { member }) }; }),
    tables.length > 1 && this.choice("sheet", "Feuille ou couche du fichier", [...tables].sort((a, b) => a.localeCompare(b, "fr")).map((one) => [one, one]), tables[0],
      (sheet) => { this.asked = { ...this.table(), sheet }; })];
  }

  /** The file and the table of it that is read, without what was corrected in it. @returns {Asked} */
  table() {
    const { sheet, member } = this.asked;
    return { ...start(this.asked), ...(member && { member }), ...(sheet && { sheet }) };
  }

  /** A labelled list. @param {string} id @param {string} label @param {string[][]} options @param {string} value @param {(value: string) => void} chosen */
  choice(id, label, options, value, chosen) {
    return h("div", {}, h("label", { for: `choose-${id}` }, label), this.select(`choose-${id}`, options, value, chosen));
  }

  /** @param {string} id @param {string[][]} options @param {string} value @param {(value: string) => void} chosen @param {string} [name] */
  select(id, options, value, chosen, name) {
    const select = h("select", { id, "aria-label": name, onchange: () => { chosen(select.value); this.changed(); } },
      options.map(([code, label]) => h("option", { value: code, selected: code === value }, label)));
    return select;
  }

  /** @param {Preview} found */
  columns(found) {
    const options = [["", "Ne pas garder"], ...found.fields.map((field) => [field.name, field.required ? `${field.label} (obligatoire)` : field.label])];
    const kept = found.columns.filter((column) => column.field).length;
    return [h("h3", {}, "Colonnes"), found.missing.length > 0 && h("p", { class: "missing" },
      h("strong", {}, `Il manque${NNBSP}: ${list(found.missing.map((one) => one.label.toLowerCase()))}.`), " Choisissez la colonne qui le contient."),
    h("div", { class: "scroll" }, h("table", { class: "cards" },
      h("caption", {}, `${plural(kept, "colonne gardée", "colonnes gardées")} sur ${number(found.columns.length)}. Le reste n’est jamais stocké : ni texte libre, ni nom de personne.`.replace(" :", `${NNBSP}:`)),
      h("thead", {}, h("tr", {}, ["Colonne du fichier", "Exemples", "Contient"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", {}, found.columns.map((column, position) => h("tr", { class: column.field ? "" : "unused" },
        h("th", { scope: "row" }, column.name), h("td", { class: "examples" }, column.examples.join(" · ") || "vide"),
        h("td", {}, this.select(`column-${position}`, options, column.field ?? "", (field) => this.bind(column, field), `La colonne « ${column.name} » contient`)))))))];
  }

  /** Say what a column holds; a field has one column. @param {{name: string, field: string | null}} column @param {string} field */
  bind(column, field) {
    const { found } = this;
    if (!found) return;
    const columns = this.asked.columns ?? Object.fromEntries(found.fields.filter((one) => one.column).map((one) => [one.name, String(one.column)]));
    if (column.field && columns[column.field] === column.name) delete columns[column.field];
    if (field) columns[field] = column.name;
    this.asked.columns = columns;
  }

  /** What each word of a column means. @param {Preview} found @param {Preview["values"][number]} one */
  values(found, one) {
    const codes = found.codes[one.field].map((word) => [word.code, word.label]);
    const unknown = one.values.filter((value) => value.code === null);
    const lines = unknown.reduce((sum, value) => sum + value.count, 0);
    const rows = one.values.map((value, position) => {
      const none = value.code === null ? [["?", "À choisir : lignes refusées".replace(" :", `${NNBSP}:`)]] : [];
      const silent = one.field === "category" && value.code !== "" ? [] : [["", "Sans information"]];
      return h("tr", { class: value.code === null ? "todo" : "" }, h("td", {}, value.value), h("td", { class: "number" }, number(value.count)),
        h("td", {}, this.select(`value-${one.field}-${position}`, [...none, ...silent, ...codes], value.code ?? "?",
          (code) => this.translate(one.field, value.value, code), `« ${value.value} » veut dire`)));
    });
    const table = h("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": `Valeurs de ${one.label}` }, h("table", {},
      h("caption", { class: "unseen" }, `Ce que veulent dire les valeurs de « ${one.column} »`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `Valeur de « ${one.column} »`), h("th", { scope: "col", class: "number" }, "Lignes"), h("th", { scope: "col" }, one.label))),
      h("tbody", {}, rows)));
    const more = one.more > 0 && h("p", { class: "hint" }, `${plural(one.more, "autre valeur n’est pas montrée", "autres valeurs ne sont pas montrées")}${NNBSP}: trop longues ou trop nombreuses pour une liste.`);
    const head = h("h3", {}, one.label);
    if (unknown.length) return h("div", {}, head, h("p", {}, `${plural(unknown.length, "valeur n’a pas", "valeurs n’ont pas")} de sens connu (${plural(lines, "ligne")}). Choisissez ci-dessous ce qu’elles veulent dire.`), table, more);
    return h("div", {}, head, h("details", { id: `known-${one.field}` }, h("summary", {}, one.values.length === 1 ? `Sa valeur est comprise${NNBSP}; la voir` : `Les ${number(one.values.length)} valeurs sont comprises${NNBSP}; les voir`), table), more);
  }

  /** @param {string} field @param {string} value @param {string} code */
  translate(field, value, code) {
    const values = this.asked.values ?? {};
    const own = { ...values[field] };
    if (code === "?") delete own[value];
    else own[value] = code;
    this.asked.values = { ...values, [field]: own };
  }

  /** @param {Preview} found */
  trial(found) {
    const { trial } = found;
    if (!trial) return h("p", { class: "hint" }, "L’essai se fera quand rien ne manquera.");
    const head = h("h3", {}, trial.whole ? "Ce que donnerait l’import" : `Ce que donneraient les ${number(trial.lines)} premières lignes`);
    return [head, sums([[trial.lines, "lignes"], [trial.accepted, "acceptées"], [trial.duplicates, "en double"], [trial.rejected, "refusées"]]), notes(trial.notes),
      trial.accepted === 0 && h("p", {}, h("strong", {}, "Aucune ligne ne serait importée."), " Corrigez les colonnes ou les valeurs ci-dessus."),
      trial.rejected > 0 && [rejectTable(trial.rejects, trial.rejected), h("p", {}, h("button", { type: "button", class: "quiet", onclick: this.saveRejects }, "Toutes les lignes refusées (CSV)"))]].flat();
  }
}
