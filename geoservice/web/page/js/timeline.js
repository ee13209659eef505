/** Time along the bottom: facts per day, week or month of the whole record, the period chosen by two handles, and presets. */

import * as api from "./api.js";
import { Brush } from "./brush.js";
import { bars, ticks } from "./charts.js";
import { plusDays, plusMonths, presets } from "./days.js";
import { fill, h, paced, part } from "./dom.js";
import { otherPeriods } from "./compare-period.js";
import { filters } from "./state.js";
import { date, number, plural } from "./words.js";

const LONG_DAYS = 8 * 366; // by month from here on
const SHORT_DAYS = 120; // by day up to here
const STEP_WORDS = /** @type {Record<string, string>} */ ({ day: "par jour", week: "par semaine", month: "par mois" });
const FOLLOW_MS = 90; // a drag asks for new counts at most this often

/**
 * @typedef {import("./state.js").Store} Store
 * @typedef {import("./api.js").Catalog} Catalog
 */

export class Timeline {
  /** @param {Store} store @param {Catalog} catalog */
  constructor(store, catalog) {
    this.store = store;
    this.known = /** @type {{from: string, to: string}} */ (catalog.period);
    const days = (Date.parse(this.known.to) - Date.parse(this.known.from)) / 86_400_000;
    this.step = days > LONG_DAYS ? "month" : days > SHORT_DAYS ? "week" : "day";
    this.days = starts(this.step, this.known);
    this.end = plusDays(this.known.to, 1);
    this.chart = h("div", { class: "time-chart" });
    this.track = h("div", { class: "time-track" });
    this.words = h("p", { class: "time-words" });
    this.buttons = presets(this.known).map((one) => ({ one, button: h("button", { type: "button", onclick: () => store.change({ ...one.period, compare: "" }) }, one.label) }));
    this.against = h("button", { type: "button", title: "Comparer avec les mêmes dates un an plus tôt", onclick: () => this.compare() }, "N / N−1");
    const follow = paced((/** @type {import("./brush.js").Stretch} */ stretch) => store.change(this.period(stretch)), FOLLOW_MS);
    this.brush = new Brush(this.track, { names: ["Début de la période", "Fin de la période"],
      say: (edge, which) => this.say(edge, which), onchange: follow });
    this.brush.page = this.step === "month" ? 12 : 4;
    fill(part("time"), h("div", { class: "time-side" }, this.words, h("div", { class: "chips", role: "group", "aria-label": "Périodes toutes faites" },
      this.buttons.map((one) => one.button), this.against)), h("div", { class: "time-plot" }, this.chart, this.track));
    store.listen((view, changed) => changed.size && this.show());
    this.show();
  }

  /** The first day of a step, or the day after the record. @param {number} at */
  edge(at) {
    return this.days[at] ?? this.end;
  }

  /** The date at a handle: the exact one of the view where it lies in that step. @param {number} edge @param {0 | 1} which */
  say(edge, which) {
    const { from, to } = this.store.view;
    if (which === 0) return date(from > this.days[edge] && from < this.edge(edge + 1) ? from : this.days[edge]);
    return date(plusDays(to > this.days[edge - 1] && to < this.edge(edge) ? to : this.edge(edge), -1));
  }

  /** @param {import("./brush.js").Stretch} stretch */
  period({ first, last }) {
    const from = first === 0 ? this.known.from : this.edge(first);
    const all = first === 0 && last === this.days.length;
    return all ? { from: "", to: "" } : { from, to: this.edge(last) };
  }

  compare() {
    const { view } = this.store;
    if (view.compare) return this.store.change({ compare: "" });
    // the whole record has nothing before it: its last year is compared
    const year = view.from || view.to ? null : presets(this.known).find((one) => one.code === "12m");
    this.store.change({ ...year?.period, compare: otherPeriods({ ...view, ...year?.period }, this.known).yearBefore });
  }

  /** Ask for the record again: every filter but the period. @param {AbortSignal} signal */
  async load(signal) {
    const found = await api.series(api.without(filters(this.store.view), "from", "to"), this.step, signal);
    if (signal.aborted) return;
    this.counts = found.counts;
    this.show();
  }

  show() {
    const { view } = this.store;
    const at = (/** @type {string} */ day) => this.days.findLastIndex((one) => one <= day);
    const first = view.from ? Math.max(0, at(view.from)) : 0;
    const last = view.to && view.to < this.end ? Math.max(first + 1, at(plusDays(view.to, -1)) + 1) : this.days.length;
    this.brush.show(this.days.length, { first, last });
    const other = view.compare ? view.compare.split("..").map((day) => Math.max(0, at(day))) : null;
    if (this.counts) this.draw({ first, last }, other);
    for (const { one, button } of this.buttons) {
      button.setAttribute("aria-pressed", String(!view.compare && one.period.from === view.from && one.period.to === view.to));
    }
    this.against.setAttribute("aria-pressed", String(view.compare !== "" && view.compare === otherPeriods(view, this.known).yearBefore));
  }

  /** @param {import("./brush.js").Stretch} stretch @param {number[] | null} other */
  draw(stretch, other) {
    const counts = /** @type {number[]} */ (this.counts);
    const most = Math.max(...counts, 0);
    const look = (/** @type {number} */ at) => (at >= stretch.first && at < stretch.last ? "in" : other && at >= other[0] && at < other[1] ? "beside" : "out");
    const chart = bars(counts, look, (at) => `${date(this.days[at])}\u202f: ${plural(counts[at], "fait")}`);
    fill(this.chart, chart, ticks(this.days));
    chart.setAttribute("aria-label", `Faits ${STEP_WORDS[this.step]}, du ${date(this.known.from)} au ${date(this.known.to)}\u202f; au plus ${number(most)}.`);
    fill(this.words, h("strong", {}, "Faits ", STEP_WORDS[this.step]), ` (au plus ${number(most)})`);
  }
}

/** First days of the steps of a record, as the service counts them.
 * @param {string} step @param {{from: string, to: string}} known @returns {string[]} */
export function starts(step, known) {
  const monday = plusDays(known.from, -((new Date(`${known.from}T00:00:00Z`).getUTCDay() + 6) % 7));
  const next = (/** @type {string} */ day) => (step === "month" ? plusMonths(day, 1) : plusDays(day, step === "week" ? 7 : 1));
  const found = [];
  for (let day = step === "month" ? `${known.from.slice(0, 8)}01` : step === "week" ? monday : known.from; day <= known.to; day = next(day)) found.push(day);
  return found;
}
