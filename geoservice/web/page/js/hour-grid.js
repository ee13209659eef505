/** Hours of the week, 7 × 24: what they hold, and a filter. Drag or use arrows with Shift; a stretch of hours may pass midnight. */

import { fill, h, swatch } from "./dom.js";
import { bounds, classes, classOf } from "./palette.js";
import { codes } from "./state.js";
import { hours as hoursWords, NNBSP, number, plural, WEEKDAYS } from "./words.js";

/**
 * @typedef {{day: number, hour: number}} Spot  day 0 is Monday
 * @typedef {{hours: string, weekdays: string}} Chosen  as in the address
 */

/** The table of hours; with `onchoose` it is also a filter.
 * @param {string} label @param {((chosen: Chosen) => void) | null} onchoose */
export class HourGrid {
  /** @param {string} label @param {((chosen: Chosen) => void) | null} onchoose */
  constructor(label, onchoose) {
    this.onchoose = onchoose;
    /** @type {Spot} */ this.active = { day: 0, hour: 0 };
    /** @type {Spot | null} where a drag began */ this.anchor = null;
    /** @type {Spot | null} where Shift began */ this.keyAnchor = null;
    /** @type {number[][]} */ this.counts = WEEKDAYS.map(() => Array(24).fill(0));
    /** @type {Chosen} */ this.chosen = { hours: "", weekdays: "" };
    this.cells = WEEKDAYS.map((_, day) => Array.from({ length: 24 }, (_, hour) => h("div", { class: "hour", role: onchoose ? "gridcell" : "cell",
      tabindex: onchoose && day === 0 && hour === 0 ? "0" : onchoose ? "-1" : false, "data-day": day, "data-hour": hour })));
    this.legend = h("p", { class: "hour-legend" });
    this.grid = h("div", { class: "hours", role: onchoose ? "grid" : "table", "aria-label": label, "aria-multiselectable": onchoose ? "true" : false },
      this.head(), WEEKDAYS.map((name, day) => h("div", { class: "hour-row", role: "row" }, this.dayName(name, day), this.cells[day])));
    this.element = h("div", { class: "hour-grid" }, this.grid, this.legend);
    if (onchoose) this.listen(onchoose);
  }

  head() {
    const names = Array.from({ length: 24 }, (_, hour) => h("div", { class: "hour-name", role: "columnheader", "aria-label": `${hour}${NNBSP}h` }, hour % 6 === 0 ? `${hour}${NNBSP}h` : ""));
    return h("div", { class: "hour-row hour-head", role: "row" }, h("div", { role: "columnheader", class: "hour-corner" }, h("span", { class: "unseen" }, "Jour")), names);
  }

  /** @param {string} name @param {number} day */
  dayName(name, day) {
    const short = name.slice(0, 3);
    if (!this.onchoose) return h("div", { class: "day-name", role: "rowheader", "aria-label": name }, short);
    return h("div", { class: "day-name", role: "rowheader" }, h("button", { type: "button", tabindex: "-1", "aria-label": `${name}${NNBSP}: choisir ou non`, title: name, onclick: () => this.toggleDay(day) }, short));
  }

  /** @param {number[][]} counts @param {Chosen} chosen */
  show(counts, chosen) {
    this.counts = counts;
    this.chosen = chosen;
    const all = classes(counts.flat());
    const isIn = selected(chosen);
    this.cells.forEach((row, day) => row.forEach((cell, hour) => {
      const count = counts[day][hour];
      cell.style.background = classOf(all, count)?.colour ?? "";
      cell.setAttribute("aria-label", `${WEEKDAYS[day]} ${hour}${NNBSP}h, ${plural(count, "fait")}`);
      cell.title = `${WEEKDAYS[day]}, ${hour}${NNBSP}h–${hour + 1}${NNBSP}h${NNBSP}: ${plural(count, "fait")}`;
      cell.classList.toggle("aside", !isIn(day, hour));
      if (this.onchoose) cell.setAttribute("aria-selected", String(isIn(day, hour) && (chosen.hours !== "" || chosen.weekdays !== "")));
    }));
    const ends = [all[0], all.at(-1)];
    fill(this.legend, ends[0] && ends[1] && [swatch(ends[0].colour), bounds(ends[0], number), ends[0] !== ends[1] && [" … ", swatch(ends[1].colour), bounds(ends[1], number)].flat(), " faits par heure"].flat());
  }

  /** @param {(chosen: Chosen) => void} onchoose */
  listen(onchoose) {
    const spot = (/** @type {any} */ target) => (target.dataset?.hour === undefined ? null : { day: Number(target.dataset.day), hour: Number(target.dataset.hour) });
    this.grid.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      const at = spot(event.target);
      if (!at || event.button !== 0) return;
      event.preventDefault();
      /** @type {any} */ (event.target).releasePointerCapture?.(event.pointerId);
      this.anchor = at;
      this.focus(at);
      this.mark(at, at);
    });
    this.grid.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      const at = this.anchor && event.buttons && spot(document.elementFromPoint(event.clientX, event.clientY));
      if (this.anchor && at) {
        this.active = at;
        this.mark(this.anchor, at);
      }
    });
    addEventListener("pointerup", () => {
      if (this.anchor) this.choose(this.anchor, this.active);
      this.anchor = null;
    });
    this.grid.addEventListener("focusin", (/** @type {any} */ event) => { this.active = spot(event.target) ?? this.active; });
    this.grid.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event, onchoose));
  }

  /** @param {KeyboardEvent} event @param {(chosen: Chosen) => void} onchoose */
  key(event, onchoose) {
    if (/** @type {Element} */ (event.target).matches("button")) return;
    const step = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -24], End: [0, 24] })[event.key];
    if (step) {
      const from = this.keyAnchor ?? this.active;
      this.focus({ day: clamp(this.active.day + step[0], 6), hour: clamp(this.active.hour + step[1], 23) });
      this.keyAnchor = event.shiftKey ? from : null;
      if (this.keyAnchor) this.mark(this.keyAnchor, this.active);
    } else if (event.key === "Enter" || event.key === " ") {
      this.choose(this.keyAnchor ?? this.active, this.active);
      this.keyAnchor = null;
    } else if ((event.key === "Escape" || event.key === "Delete") && (this.chosen.hours || this.chosen.weekdays)) {
      onchoose({ hours: "", weekdays: "" });
      event.stopPropagation();
    } else return;
    event.preventDefault();
  }

  /** @param {Spot} at */
  focus(at) {
    for (const cell of this.cells.flat()) cell.tabIndex = -1;
    this.active = at;
    const cell = this.cells[at.day][at.hour];
    cell.tabIndex = 0;
    cell.focus({ preventScroll: true });
  }

  /** Show what a gesture would choose. @param {Spot} one @param {Spot} other */
  mark(one, other) {
    const isIn = selected(between(one, other));
    this.cells.forEach((row, day) => row.forEach((cell, hour) => cell.classList.toggle("aside", !isIn(day, hour))));
  }

  /** Choosing again what is chosen lets everything in. @param {Spot} one @param {Spot} other */
  choose(one, other) {
    const wanted = between(one, other);
    const same = wanted.hours === this.chosen.hours && wanted.weekdays === this.chosen.weekdays;
    this.onchoose?.(same ? { hours: "", weekdays: "" } : wanted);
  }

  /** @param {number} day */
  toggleDay(day) {
    const all = codes(this.chosen.weekdays);
    const code = String(day + 1);
    const days = (all.includes(code) ? all.filter((one) => one !== code) : [...all, code]).sort();
    this.onchoose?.({ hours: this.chosen.hours, weekdays: days.length === 7 ? "" : days.join(",") });
  }
}

/** The rectangle between two spots, as filters. @param {Spot} one @param {Spot} other @returns {Chosen} */
function between(one, other) {
  const [firstDay, lastDay] = [one.day, other.day].sort((a, b) => a - b);
  const [firstHour, lastHour] = [one.hour, other.hour].sort((a, b) => a - b);
  const days = Array.from({ length: lastDay - firstDay + 1 }, (_, at) => String(firstDay + at + 1));
  return { hours: firstHour === 0 && lastHour === 23 ? "" : `${firstHour}-${lastHour + 1}`, weekdays: days.length === 7 ? "" : days.join(",") };
}

/** @param {Chosen} chosen @returns {(day: number, hour: number) => boolean} */
function selected({ hours, weekdays }) {
  const days = new Set(codes(weekdays).map((code) => Number(code) - 1));
  const [first, last] = hours ? hours.split("-").map(Number) : [0, 24];
  const isHour = (/** @type {number} */ hour) => (first < last ? hour >= first && hour < last : hour >= first || hour < last);
  return (day, hour) => (days.size === 0 || days.has(day)) && isHour(hour);
}

/** @param {number} value @param {number} most */
function clamp(value, most) {
  return Math.max(0, Math.min(most, value));
}

/** « 22 h–2 h, samedi et dimanche ». @param {Chosen} chosen */
export function chosenWords({ hours, weekdays }) {
  const days = codes(weekdays).length;
  return [hours ? hoursWords(hours) : "toutes", days ? plural(days, "jour") : "tous les jours"].join(", ");
}
