/** Small drawings: bars over time and their calendar marks. They stretch to their place; words beside them say the numbers. */

import { h, s } from "./dom.js";

const HIGH = 100;
const MONTHS = new Intl.DateTimeFormat("fr-FR", { month: "short", timeZone: "UTC" });

/**
 * A bar for each count; `look` names the class of each, `words` what its title says; `most` is as high as the drawing.
 * @param {number[]} counts @param {(at: number) => string} look @param {(at: number) => string} words @param {number} [most]
 */
export function bars(counts, look, words, most = Math.max(...counts, 1)) {
  const drawn = counts.map((count, at) => {
    const high = count ? Math.max(2, (HIGH * count) / most) : 0;
    return s("rect", { class: `bar-${look(at)}`, x: at + 0.08, width: 0.84, y: HIGH - high, height: high }, s("title", {}, words(at)));
  });
  return s("svg", { class: "bars-chart", viewBox: `0 0 ${Math.max(1, counts.length)} ${HIGH}`, preserveAspectRatio: "none", role: "img" }, drawn);
}

/** Years, and months where there is room, under a line of days.
 * @param {string[]} days first days of the steps, in order @param {boolean} [narrow] years alone once there are several */
export function ticks(days, narrow = false) {
  const line = h("div", { class: "ticks", "aria-hidden": "true" });
  const years = new Set(days.map((day) => day.slice(0, 4))).size;
  const every = years <= 1 ? 1 : years <= 4 ? (narrow ? (years <= 2 ? 3 : 12) : 3) : 12;
  let before = "";
  days.forEach((day, at) => {
    const month = day.slice(0, 7);
    const wanted = month !== before && (Number(month.slice(5)) - 1) % every === 0 && before !== "";
    before = month;
    if (!wanted || at / days.length > 0.97) return;
    const january = month.endsWith("-01");
    const tick = h("span", { class: january ? "tick year" : "tick" }, january ? month.slice(0, 4) : MONTHS.format(new Date(`${day}T00:00:00Z`)));
    tick.style.left = `${(100 * at) / days.length}%`;
    line.append(tick);
  });
  return line;
}
