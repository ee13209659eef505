/** The table: the same cells and counts as the map, its equal for those who cannot use a map. */

import { fill, h, part, swatch } from "./dom.js";
import { awaited, VERDICT_WORDS } from "./hotspots.js";
import { mark as spot } from "./legend-hot.js";
import { bounds, CHANGE, classOf } from "./palette.js";
import { NNBSP, number, plural, share, signed } from "./words.js";

const PAGE = 100;
const HOT_COLUMNS = ["observed", "expected", "verdict"];
const RANK = { solide: 3, fragile: 2, artefact: 1 };

/**
 * @typedef {import("./counts.js").Picture} Picture
 * @typedef {{ongo: (cell: string) => void, onhover: (cell: string) => void, onclose: () => void}} TableEars
 */

export class Table {
  /** @param {TableEars} ears */
  constructor(ears) {
    this.ears = ears;
    this.section = part("table");
    this.body = part("table-body");
    this.sort = { by: "count", down: true };
    this.limit = PAGE;
    this.selected = "";
    /** @type {Picture | null} */ this.picture = null;
    /** @type {import("./hotspots.js").Hot | null} when hot spots are what the map shows */ this.hot = null;
    part("table-close").addEventListener("click", ears.onclose);
    this.body.addEventListener("click", (/** @type {any} */ event) => this.clicked(event.target));
    this.body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.body.addEventListener("pointerover", (/** @type {any} */ event) => ears.onhover(event.target.closest("tr")?.dataset.cell ?? ""));
    this.body.addEventListener("pointerleave", () => ears.onhover(""));
  }

  get compared() { return this.picture?.other != null; }

  get open() { return !this.section.hidden; }

  /** @param {boolean} open */
  toggle(open) {
    this.section.hidden = !open;
    this.draw();
  }

  /** @param {Picture} picture @param {import("./hotspots.js").Hot | null} hot */
  show(picture, hot) {
    this.hot = hot?.enough && hot.answer.resolution === picture.territory.resolution && hot.answer.unit === "cell" ? hot : null;
    if (!this.hot && HOT_COLUMNS.includes(this.sort.by)) this.sort = { by: "count", down: true };
    if (picture.territory !== this.picture?.territory) this.limit = PAGE;
    this.picture = picture;
    if (!picture.other && ["other", "change"].includes(this.sort.by)) this.sort = { by: "count", down: true };
    this.draw();
  }

  /** @param {string} cell */
  select(cell) {
    this.selected = cell;
    for (const row of this.body.querySelectorAll("tr[data-cell]")) mark(row, row.dataset.cell === cell);
    this.body.querySelector('tr[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  }

  draw() {
    if (!this.open || !this.picture) return;
    const { rows, territory, total } = this.picture;
    const held = document.activeElement?.closest("#table-body tr[data-cell]")?.getAttribute("data-cell");
    fill(part("table-words"), rows.length ? `${plural(rows.length, "case")}, ${plural(total, "fait")} dans la vue, sur ${plural(territory.total, "fait")} avec ces filtres.` : "");
    if (rows.length === 0) return fill(this.body, h("p", {}, emptySentence(territory)));
    const shown = this.sorted().slice(0, this.limit);
    fill(this.body, h("table", {}, this.head(), h("tbody", {}, shown.map((row, index) => this.row(row, index)))),
      shown.length < rows.length && h("button", { type: "button", class: "more", onclick: () => this.more() }, `Afficher ${number(Math.min(PAGE, rows.length - shown.length))} cases de plus`));
    if (held) this.focus(held);
  }

  more() {
    const first = this.sorted()[this.limit].cell;
    this.limit += PAGE;
    this.draw();
    this.focus(first);
  }

  /** @param {string} cell */
  focus(cell) {
    this.body.querySelector(`tr[data-cell="${CSS.escape(cell)}"] button`)?.focus();
  }

  sorted() {
    const { by, down } = this.sort;
    const sign = down ? -1 : 1;
    const value = (/** @type {import("./counts.js").Row} */ row) => (by === "other" ? row.other ?? 0 : by === "change" ? row.count - (row.other ?? 0)
      : HOT_COLUMNS.includes(by) ? this.hotValue(row.cell, by) : row.count);
    return [...(this.picture?.rows ?? [])].sort((a, b) => (by === "cell" ? 0 : sign * (value(a) - value(b)))
      || (by === "cell" ? sign : 1) * (a.cell < b.cell ? -1 : 1));
  }

  /** @param {string} cell @param {string} by */
  hotValue(cell, by) {
    const found = this.hot?.of(cell);
    if (!found) return -1;
    return by === "observed" ? found.observed : by === "expected" ? found.expected : found.look ? RANK[found.look] : 0;
  }

  head() {
    const column = (/** @type {string} */ by, /** @type {string} */ label, /** @type {string} */ kind) => {
      const current = this.sort.by === by;
      const arrow = current ? (this.sort.down ? " ↓" : " ↑") : "";
      return h("th", { scope: "col", class: kind, "data-by": by, "aria-sort": current ? (this.sort.down ? "descending" : "ascending") : "none" },
        h("button", { type: "button", onclick: () => this.sortBy(by) }, label, h("span", { "aria-hidden": "true" }, arrow)));
    };
    return h("thead", {}, h("tr", {}, ...[h("th", { scope: "col", class: "number" }, "Ligne"), column("cell", "Case", ""), column("count", "Faits", "number"),
      this.compared && [column("other", "Autre période", "number"), column("change", "Écart", "number")], this.hot && [column("observed", "Avec les voisines", "number"), column("expected", "Attendu", "number"), column("verdict", "Verdict", "")],
      h("th", { scope: "col", class: "number" }, "Part du total"), !this.hot && h("th", { scope: "col" }, "Classe")].flat()));
  }

  /** @param {string} by */
  sortBy(by) {
    this.sort = { by, down: this.sort.by === by ? !this.sort.down : by !== "cell" };
    this.draw();
    this.body.querySelector(`th[data-by="${by}"] button`)?.focus();
  }

  /** @param {import("./counts.js").Row} row @param {number} index */
  row(row, index) {
    const { territory } = /** @type {Picture} */ (this.picture);
    const one = classOf(territory.classes, row.count);
    const element = h("tr", { "data-cell": row.cell }, h("td", { class: "number" }, number(index + 1)),
      h("td", {}, h("button", { type: "button", "aria-label": [`Aller à la case ${row.cell}, ${plural(row.count, "fait")}`, this.hot?.words(row.cell)].filter(Boolean).join(`${NNBSP}; `) }, shortCell(row.cell))),
      h("td", { class: "number" }, number(row.count)),
      row.other !== undefined && [h("td", { class: "number" }, number(row.other)), h("td", { class: "number" }, signed(row.count - row.other), " ", change(row.count - row.other))], ...this.hotCells(row.cell),
      h("td", { class: "number" }, share(row.count, territory.total) || "–"),
      !this.hot && h("td", {}, one && [swatch(one.colour), bounds(one, number)]));
    mark(element, row.cell === this.selected);
    return element;
  }

  /** @param {string} cell */
  hotCells(cell) {
    if (!this.hot) return [];
    const found = this.hot.of(cell);
    const words = !found ? "Hors de la zone d’étude" : found.look ? VERDICT_WORDS[found.look] : "Rien d’inhabituel";
    return [h("td", { class: "number" }, found ? number(found.observed) : "–"), h("td", { class: "number" }, found ? awaited(found.expected) : "–"),
      h("td", { class: "verdict-cell" }, spot(found?.look ?? "reste"), words)];
  }

  /** @param {Element} target */
  clicked(target) {
    const cell = target.closest("tr")?.getAttribute("data-cell");
    if (cell) this.ears.ongo(cell);
  }

  /** Arrows change the row; Enter on its button is a click.
   * @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const buttons = [...this.body.querySelectorAll("tbody button")];
    const at = buttons.indexOf(/** @type {any} */ (document.activeElement));
    const next = buttons[at + (event.key === "ArrowDown" ? 1 : -1)] ?? (at < 0 ? buttons[0] : null);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

/** @param {Element} row @param {boolean} current */
function mark(row, current) {
  if (current) row.setAttribute("aria-current", "true");
  else row.removeAttribute("aria-current");
}

/** An arrow whose colour says the same. @param {number} value */
function change(value) {
  if (value === 0) return null;
  const arrow = h("span", { class: "arrow", "aria-hidden": "true" }, value > 0 ? "▲" : "▼");
  arrow.style.color = value > 0 ? CHANGE.more : CHANGE.less;
  return arrow;
}

/** The part of an H3 text that tells cells of one town apart: without the unused figures at its end.
 * @param {string} cell */
export function shortCell(cell) {
  const unused = Math.floor((3 * (15 - Number.parseInt(cell[1], 16))) / 4);
  return cell.slice(0, cell.length - unused).slice(-6);
}

/** @param {import("./counts.js").Territory} territory */
function emptySentence(territory) {
  return territory.total > 0 ? "Aucun fait dans cette partie de la carte. Déplacez la carte ou dézoomez."
    : "Aucun fait avec ces filtres. Élargissez la période ou effacez des filtres.";
}
