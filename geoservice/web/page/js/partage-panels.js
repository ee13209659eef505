/** What stands beside the shared map: the chosen place, quarters, hot areas, halls, requests, and what the numbers promise. */

import { h, s } from "./dom.js";
import { bandName, changeMark, countWords, DAYS, MASKED, periodName, shortDay, shortPeriod } from "./partage-words.js";
import { NNBSP, number, plural } from "./words.js";

const HIGH = 64;

/**
 * Bars with their numbers; a bar that is not shown is hatched at half height, so that nobody takes it for a zero.
 * @param {{name: string, short: string, value: number | null}[]} steps @param {string} title
 */
export function bars(steps, title) {
  const top = steps.reduce((a, one) => Math.max(a, one.value ?? 0), 1);
  const wide = 100 / Math.max(1, steps.length);
  const drawn = steps.map((one, at) => {
    const high = one.value === null ? HIGH / 2 : Math.max(2, (HIGH * one.value) / top);
    return s("rect", { x: at * wide + wide * 0.1, width: wide * 0.8, y: HIGH - high, height: high, class: one.value === null ? "bar-masked" : "bar" },
      s("title", {}, `${one.name}${NNBSP}: ${countWords(one.value)}`));
  });
  const every = Math.ceil(steps.length / 8);
  const figure = h("figure", { class: "bars" },
    h("figcaption", {}, title),
    h("div", { class: "bars-numbers", "aria-hidden": "true" }, steps.length <= 12 && steps.map((one) => h("span", {}, one.value === null ? "–" : number(one.value)))),
    s("svg", { viewBox: `0 0 100 ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      s("defs", {}, s("pattern", { id: "hatch-bar", width: 4, height: 4, patternUnits: "userSpaceOnUse" }, s("path", { d: "M0,4L4,0", stroke: "#7d8a94", "stroke-width": 0.8 }))), drawn),
    h("div", { class: "bars-names", "aria-hidden": "true" }, steps.map((one, at) => h("span", {}, steps.length <= 8 || at % every === 0 ? one.short : ""))),
    h("ul", { class: "unseen" }, steps.map((one) => h("li", {}, `${one.name}${NNBSP}: ${countWords(one.value)}`))));
  figure.style.maxWidth = `${Math.min(100, 25 * steps.length)}%`; // one bar alone is no wall
  return figure;
}

/**
 * @param {{name: string, period: string, group: string, kind: string, value: number | null, dwellings: number, change: string | null,
 *   before: string | null, area: import("./partage-api.js").Area | null}} told
 */
export function placeHead(told) {
  return [
    h("h2", {}, told.name),
    h("p", { class: "figure" }, told.value === null ? h("strong", { class: "masked" }, "Non diffusé") : [h("strong", {}, number(told.value)), ` fait${told.value >= 2 ? "s" : ""}`]),
    h("p", { class: "hint" }, `${told.kind} · ${told.group} · ${periodName(told.period)}`, told.dwellings > 0 && ` · ${plural(told.dwellings, "logement")}`),
    told.value === null && h("p", {}, "Ce lieu peut n’avoir aucun fait, ou en avoir beaucoup d’une seule organisation."),
    told.before !== null && told.change !== null && h("p", {}, changeMark(told.change), ` par rapport à ${periodName(told.before)}.`),
    told.area && h("p", { class: "verdict" }, verdictMark(told.area.verdict), " ", told.area.sentence),
  ];
}

/** @param {import("./partage-api.js").Trend} trend @param {{code: string, label: string, chosen: boolean}[]} steps @param {(code: string) => void} onstep */
export function trendPart(trend, steps, onstep) {
  return h("div", { class: "part" },
    h("div", { class: "part-head" }, h("h3", {}, "Évolution"), steps.length > 1 && h("div", { class: "segments", role: "group", "aria-label": "Pas de la série" }, steps.map((one) => h("button",
      { type: "button", "aria-pressed": String(one.chosen), onclick: () => onstep(one.code) }, one.label)))),
    bars(trend.periods.map((period, at) => ({ name: periodName(period), short: shortPeriod(period), value: trend.values[at] })), "Faits diffusés"));
}

/** @param {import("./partage-api.js").Hours} hours @param {string} name */
export function hoursPart(hours, name) {
  return h("div", { class: "part" },
    h("h3", {}, "Jours et heures"),
    h("p", { class: "hint" }, `${name}, toute l’année ${hours.year}`),
    hours.weekdays && bars(hours.weekdays.map((value, at) => ({ name: DAYS[at], short: DAYS[at], value })), "Jours de la semaine"),
    hours.bands && bars(hours.bands.map((value, at) => ({ name: bandName(at, hours.band_hours), short: `${at * hours.band_hours}${NNBSP}h`, value })), "Tranches de trois heures"));
}

/** @param {string} verdict */
export function verdictMark(verdict) {
  return h("span", { class: `mark mark-${verdict === "solide" ? "solid" : verdict === "fragile" ? "weak" : "other"}` }, verdict);
}

/** @param {import("./partage-api.js").Hot} hot @param {(area: import("./partage-api.js").Area) => void} onarea */
export function areasPart(hot, onarea) {
  const none = hot.enough ? "Aucun secteur ne ressort parmi les nombres diffusés, une fois rapportés aux logements." : hot.reason?.sentence;
  return [
    h("h2", { id: "areas-title" }, "Secteurs qui ressortent"),
    hot.areas.length === 0 ? h("p", {}, none) : h("ol", { class: "areas" }, hot.areas.map((area) => h("li", {},
      h("button", { type: "button", class: "area", onclick: () => onarea(area) },
        h("span", { class: "rank", "aria-hidden": "true" }, number(area.rank)), h("span", { class: "area-name" }, area.name), verdictMark(area.verdict)),
      h("p", {}, area.sentence)))),
    h("p", { class: "hint" }, hot.sentence),
  ];
}

/**
 * @param {{name: string, place: string, value: number | null, change: string | null}[]} rows @param {string} title @param {string | null} before
 * @param {string | null} chosen @param {(place: string) => void} onplace @param {string} id
 */
export function placesTable(rows, title, before, chosen, onplace, id) {
  return [
    title && h("h2", { id }, title),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Lieu"), h("th", { scope: "col", class: "number" }, "Faits"),
      h("th", { scope: "col" }, before ? `Depuis ${periodName(before)}` : "Évolution"))),
    h("tbody", {}, rows.map((row) => h("tr", { "aria-current": row.place === chosen && "true" },
      h("th", { scope: "row" }, h("button", { type: "button", class: "quiet", onclick: () => onplace(row.place) }, row.name)),
      h("td", { class: "number" }, row.value === null ? MASKED : number(row.value)), h("td", {}, changeMark(row.change))))))),
  ];
}

/** @param {import("./partage-api.js").Hall[]} halls */
export function hallsPart(halls) {
  return [
    h("h2", { id: "halls-title" }, "Halls que leur propriétaire a fait connaître"),
    halls.length === 0 ? h("p", {}, "Aucun pour l’instant.") : h("ul", { class: "halls" }, halls.map((hall) => h("li", {},
      h("strong", {}, [hall.residence, hall.hall && `hall ${hall.hall}`].filter(Boolean).join(", ")), hall.state && `${NNBSP}: état ${hall.state}`,
      h("span", { class: "hint" }, [hall.date && ` constaté le ${shortDay(hall.date)}`, hall.owner && `par ${hall.owner}`].filter(Boolean).join(" "))))),
  ];
}

/** @param {import("./partage-api.js").Patrols} patrols @param {(number: number, answer: string, reason: string | null) => void} onanswer */
export function requestsPart(patrols, onanswer) {
  return [
    h("h2", { id: "requests-title" }, "Demandes de passage"),
    patrols.requests.length === 0 ? h("p", {}, "Aucune demande en cours.") : h("ul", { class: "requests" }, patrols.requests.map((one) => request(one, patrols, onanswer))),
  ];
}

/** @param {import("./partage-api.js").Patrol} one @param {import("./partage-api.js").Patrols} patrols @param {(number: number, answer: string, reason: string | null) => void} onanswer */
function request(one, patrols, onanswer) {
  const reason = h("select", { "aria-label": `Raison, si ce n’est pas possible, pour ${one.name}` }, Object.entries(patrols.refusals).map(([code, label]) => h("option", { value: code }, label)));
  const button = (/** @type {string} */ code) => h("button", { type: "button", onclick: () => onanswer(one.number, code, code === "impossible" ? reason.value : null) }, patrols.answers[code]);
  return h("li", { "data-request": one.number },
    h("p", {}, h("strong", {}, one.name), ` · ${one.group_name}`),
    h("p", { class: "hint" }, `${one.reason_name} · souhaité le ${shortDay(one.wished)} · ${one.organisation}`),
    h("p", { class: "answer" }, one.answer_name ? [h("strong", {}, one.answer_name), one.answer_reason_name && `${NNBSP}: ${one.answer_reason_name}`, one.answered && `, le ${shortDay(one.answered)}`] : "Pas encore de réponse."),
    one.may_answer && h("div", { class: "answers" }, one.answer !== "vu" && button("vu"), button("fait"), h("span", { class: "refusal" }, reason, button("impossible"))));
}

/** @param {import("./partage-api.js").Manifest} manifest @param {Record<string, string>} view */
export function aboutPart(manifest, view) {
  const asked = new URLSearchParams({ kind: view.kind, level: view.level });
  const file = (/** @type {string} */ form) => h("a", { href: `/api/shared/${encodeURIComponent(manifest.territory)}/export.${form}?${asked}`, download: true, class: "button" }, form === "gpkg" ? "GeoPackage" : form === "csv" ? "CSV" : "GeoJSON");
  return [
    h("h2", { id: "about-title" }, "Ce que ces nombres disent, et ne disent pas"),
    h("ul", { class: "said" }, manifest.promise.map((one) => h("li", {}, one)), manifest.warnings.map((one) => h("li", {}, one))),
    h("p", { class: "files" }, "Emporter ce niveau\u202f: ", file("csv"), file("geojson"), file("gpkg")),
    h("p", { class: "hint" }, `Révision ${manifest.revision}, mois diffusés de ${periodName(manifest.months[0])} à ${periodName(manifest.months[manifest.months.length - 1])}.`),
  ];
}
