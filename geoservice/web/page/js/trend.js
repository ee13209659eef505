/** Facts per month of a place: what was counted, how far each month could have been otherwise, and the trend. */

import { ticks } from "./charts.js";
import { h, s } from "./dom.js";
import { spaced } from "./verdict.js";
import { date, decimal, number, plural } from "./words.js";

const HIGH = 100;
const NEVER = "aucun"; // of shorter periods: beside a verdict over the whole one it would only confuse

/** @param {import("./api.js").Trend} found */
export function trendPart(found) {
  const { days, counts, line } = found;
  if (days.length < 2) return null;
  const most = Math.max(...counts, ...found.high, 1);
  const chart = drawing(found, most);
  const month = (/** @type {number} */ at) => date(days[at]).replace(/^\S+\s/, "");
  chart.setAttribute("aria-label", `Faits par mois, de ${month(0)} à ${month(days.length - 1)}\u202f: ${counts.join(", ")}. Tendance de ${decimal(line[0] ?? 0)} à ${decimal(line.at(-1) ?? 0)} par mois.`);
  const emerging = found.emerging?.label && found.emerging.code !== NEVER ? `${found.emerging.label}\u202f: ${spaced(found.emerging.sentence ?? "").replace(/^./, (letter) => letter.toLowerCase())}` : "";
  return [h("h3", {}, "Par mois ", h("span", { class: "hint" }, `(au plus ${number(Math.max(...counts))})`)), h("div", { class: "trend" }, chart, ticks(days, true)),
    h("p", { class: "hint" }, plain(found.sentence || found.reason?.sentence || ""), emerging && ` ${emerging}`),
    h("p", { class: "hint trend-key" }, h("span", { class: "key key-band", "aria-hidden": "true" }), "intervalle de chaque mois ", line.length > 0 && [h("span", { class: "key key-line", "aria-hidden": "true" }), "tendance"].flat())].flat();
}

/** Without the name of the test, which the method note has. @param {string} sentence */
function plain(sentence) {
  return spaced(sentence.replace(/\s*\(Mann–Kendall[^)]*\)/, ""));
}

/** @param {import("./api.js").Trend} found @param {number} most */
function drawing({ days, counts, low, high, line }, most) {
  const y = (/** @type {number} */ value) => (HIGH - (HIGH * value) / most).toFixed(2);
  const path = (/** @type {number[]} */ values) => values.map((value, at) => `${at + 0.5},${y(value)}`);
  const band = low.length ? s("polygon", { class: "trend-band", points: [...path(high), ...path(low).reverse()].join(" ") }) : null;
  const bars = counts.map((count, at) => s("rect", { class: "trend-bar", x: at + 0.25, width: 0.5, y: y(count), height: ((HIGH * count) / most).toFixed(2) },
    s("title", {}, `${date(days[at]).replace(/^\S+\s/, "")}\u202f: ${plural(count, "fait")}${low.length ? `, de ${decimal(low[at])} à ${decimal(high[at])}` : ""}`)));
  const tendency = line.length ? s("polyline", { class: "trend-line", points: path(line).join(" ") }) : null;
  return s("svg", { class: "bars-chart", viewBox: `0 0 ${Math.max(1, counts.length)} ${HIGH}`, preserveAspectRatio: "none", role: "img" }, [band, ...bars, tendency]);
}
