/** The shared page: released counts on a map, beside what they say of a place. It opens where its reader works. */

import { get, send } from "./partage-api.js";
import { fill, h, part } from "./dom.js";
import { classes } from "./palette.js";
import { Meeting } from "./partage-meeting.js";
import { aboutPart, areasPart, hallsPart, hoursPart, placeHead, placesTable, requestsPart, trendPart } from "./partage-panels.js";
import { legend, SharedMap } from "./partage-map.js";
import { countWords, periodName, stepOf } from "./partage-words.js";
import { NNBSP, plural } from "./words.js";

const STEPS = { month: "mois", quarter: "trimestre", year: "année" };
const SHORT_LEVELS = { commune: "Communes", qpv: "Quartiers", r7: "Grands secteurs", r8: "Secteurs", r9: "Petits secteurs" };
const NAMES = ["territory", "kind", "level", "period", "group", "place", "of", "step", "meeting"];

/**
 * `place` is chosen at the level `of`, which the map may not show.
 * @typedef {{territory: string, kind: string, level: string, period: string, group: string, place: string, of: string, step: string, meeting: string}} View
 */

class Shared {
  /** @param {{releases: import("./partage-api.js").Release[], answers: boolean, asks: boolean, surface: string}} listed */
  constructor(listed) {
    this.listed = listed;
    this.map = new SharedMap(part("map"), (place) => this.go({ place, of: this.view.level }));
    this.meeting = new Meeting(part("meeting"), (places) => this.map.fit(places, places.length > 1 ? 0.35 : 1.1), () => this.go({ meeting: "" }));
    /** @type {Map<string, any>} answers of this release */ this.known = new Map();
    /** @type {View} */ this.view = /** @type {any} */ ({});
    this.controller = new AbortController();
    part("closer").addEventListener("click", () => this.map.zoom(1.5));
    part("farther").addEventListener("click", () => this.map.zoom(1 / 1.5));
    part("whole").addEventListener("click", () => this.map.all());
    part("to-meeting").addEventListener("click", () => this.go({ meeting: "1" }));
    part("choose").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
    addEventListener("hashchange", () => this.show());
    this.show();
  }

  /** @returns {Record<string, string>} */
  given() {
    return Object.fromEntries([...new URLSearchParams(location.hash.slice(1))].filter(([name]) => NAMES.includes(name)));
  }

  /** @param {Partial<View>} change */
  go(change) {
    const next = { ...this.given(), ...change };
    location.hash = new URLSearchParams(Object.entries(next).filter(([, value]) => value).map(([name, value]) => [name, String(value)])).toString();
  }

  async show() {
    this.controller.abort();
    const { signal } = (this.controller = new AbortController());
    document.body.dataset.state = "loading";
    try {
      const given = this.given();
      const release = this.listed.releases.find((one) => one.territory === given.territory) ?? this.listed.releases[0];
      if (release !== this.release) await this.open(release);
      this.view = this.complete(given);
      this.choices();
      await this.draw(signal);
      if (!signal.aborted) document.body.dataset.state = "ready";
    } catch (error) {
      if (signal.aborted) return;
      document.body.dataset.state = "error";
      fill(part("alert"), h("p", {}, error instanceof Error ? error.message : "La page n’a pas pu s’ouvrir."), h("button", { type: "button", onclick: () => location.reload() }, "Réessayer"));
    }
  }

  /** @param {import("./partage-api.js").Release} release */
  async open(release) {
    this.base = `/api/shared/${encodeURIComponent(release.territory)}`;
    this.known.clear();
    /** @type {import("./partage-api.js").Manifest} */ this.manifest = await get(this.base);
    this.version = release.version;
    const has = (/** @type {string} */ level) => release.levels.some((one) => one.code === level);
    this.communes = has("commune") ? await this.places("commune") : [];
    this.quarters = has("qpv") ? await this.places("qpv") : [];
    this.map.ground(this.communes.length ? this.communes : await this.places(release.levels[0].code));
    this.release = release;
    this.framed = "";
    this.drawnLevel = "";
    fill(part("territory"), release.title);
    fill(part("release"), `Diffusion de ${periodName(release.months[0])} à ${periodName(release.months[release.months.length - 1])}`);
    document.title = `${release.title} – carte partagée`;
    const { halls } = await get(`${this.base}/halls`);
    fill(part("halls"), ...hallsPart(halls));
    await this.patrols();
  }

  /** @param {string} level @returns {Promise<import("./partage-api.js").Feature[]>} */
  places(level) {
    return this.once(`places/${level}`, { version: this.version ?? "" }).then((found) => found.features);
  }

  /** An answer of this release, asked once. @param {string} route @param {Record<string, string>} given */
  once(route, given) {
    const key = `${route}?${new URLSearchParams(given)}`;
    let found = this.known.get(key);
    if (!found) {
      found = get(`${this.base}/${route}`, given);
      found.catch(() => this.known.delete(key));
      this.known.set(key, found);
    }
    return found;
  }

  /** Periods that a level has for a group, by the manifest. @param {string} kind @param {string} level @param {string} group */
  periods(kind, level, group) {
    return this.families(kind, level).filter((one) => one.groups.includes(group)).flatMap((one) => one.periods);
  }

  /** @param {string} kind @param {string} level */
  families(kind, level) {
    return /** @type {import("./partage-api.js").Manifest} */ (this.manifest).families.filter((one) => one.kind === kind && one.level === level && one.period in STEPS);
  }

  /** What the address leaves open; what is not published is brought back to what is. @param {Record<string, string>} given @returns {View} */
  complete(given) {
    const { manifest, release } = /** @type {Required<Shared>} */ (/** @type {any} */ (this));
    const kind = release.kinds.find((/** @type {any} */ one) => one.code === given.kind)?.code ?? release.kinds[0].code;
    const levels = release.levels.filter((/** @type {any} */ one) => this.families(kind, one.code).length);
    const level = levels.find((/** @type {any} */ one) => one.code === given.level)?.code ?? manifest.opens[kind] ?? levels[levels.length - 1].code;
    const groups = manifest.groups.map((/** @type {any} */ one) => one.code).filter((/** @type {string} */ code) => this.periods(kind, level, code).length);
    const group = groups.includes(given.group) ? given.group : groups[0];
    const periods = this.periods(kind, level, group);
    const order = (/** @type {string} */ period) => `${["month", "quarter", "year"].indexOf(stepOf(period))}${period}`;
    const period = periods.includes(given.period) ? given.period : [...periods].sort((a, b) => (order(a) < order(b) ? 1 : -1))[0];
    const home = release.zone ?? this.quarters?.[0]?.properties.place ?? this.communes?.[0]?.properties.place ?? "";
    const of = given.place ? given.of ?? level : home.startsWith("commune") ? "commune" : "qpv";
    return { territory: release.territory, kind, level, period, group, place: given.place ?? home, of, step: given.step ?? "quarter", meeting: given.meeting ?? "" };
  }

  choices() {
    const { kind, level, group, period } = this.view;
    const release = /** @type {import("./partage-api.js").Release} */ (this.release);
    const manifest = /** @type {import("./partage-api.js").Manifest} */ (this.manifest);
    const select = (/** @type {string} */ name, /** @type {string} */ label, /** @type {[string, string][]} */ all, /** @type {string} */ value) => {
      const field = h("select", { id: `choose-${name}`, onchange: (/** @type {any} */ event) => this.go({ [name]: event.target.value }) }, all.map(([code, words]) => h("option", { value: code, selected: code === value }, words)));
      return h("p", {}, h("label", { for: `choose-${name}` }, label), field);
    };
    const levels = release.levels.filter((one) => this.families(kind, one.code).length);
    const groups = manifest.groups.filter((one) => this.periods(kind, level, one.code).length);
    const periods = this.periods(kind, level, group);
    const byStep = ["year", "quarter", "month"].flatMap((step) => periods.filter((one) => stepOf(one) === step).reverse());
    const held = document.activeElement?.id;
    fill(part("choose"),
      this.listed.releases.length > 1 && select("territory", "Territoire", this.listed.releases.map((one) => [one.territory, one.title]), release.territory),
      h("div", { class: "segments", role: "group", "aria-label": "Niveau" }, levels.map((one) => h("button", { type: "button", id: `level-${one.code}`, title: one.label, "aria-pressed": String(one.code === level),
        onclick: () => this.go({ level: one.code }) }, SHORT_LEVELS[/** @type {keyof typeof SHORT_LEVELS} */ (one.code)] ?? one.label))),
      release.kinds.length > 1 && select("kind", "Origine", release.kinds.map((one) => [one.code, one.label]), kind),
      select("group", "Catégories", groups.map((one) => [one.code, one.label]), group),
      select("period", "Période", byStep.map((one) => [one, periodName(one)]), period));
    if (held?.startsWith("choose-") || held?.startsWith("level-")) document.getElementById(held)?.focus();
  }

  /** @param {AbortSignal} signal */
  async draw(signal) {
    const { kind, level, period, group } = this.view;
    const asked = { kind, level, period, group };
    const [features, values, hot, changes] = await Promise.all([this.places(level), this.once("values", asked), this.once("hotspots", asked), this.once("changes", asked)]);
    if (signal.aborted) return;
    this.features = features;
    if (this.drawnLevel !== level) {
      this.map.put(features);
      this.drawnLevel = level;
      this.map.limits(level === "commune" ? [] : this.communes ?? [], level === "qpv" ? [] : this.quarters ?? []);
    }
    const shades = classes(values.values.filter((/** @type {number | null} */ one) => one !== null));
    this.map.colour(values.values, shades);
    this.map.areas(hot.areas);
    this.map.choose(this.view.place);
    fill(part("legend"), ...legend(shades, values.masked, `Faits, ${periodName(period)}`, hot.areas.length > 0));
    fill(part("areas"), ...areasPart(hot, (area) => { this.map.fit(area.places, 0.8); this.go({ place: area.places[0], of: level }); }));
    const open = Boolean(part("every").querySelector("details")?.open);
    fill(part("every"), h("details", { open }, h("summary", {}, `Tous les lieux de la carte (${plural(features.length, "lieu", "lieux")})`),
      ...placesTable(this.rows(features, values, changes), "", changes.before, this.view.place, (place) => this.go({ place, of: level }), "")));
    fill(part("about"), ...aboutPart(/** @type {any} */ (this.manifest), this.view));
    await this.zones(signal);
    await this.card(hot, signal);
    if (signal.aborted) return;
    this.frame();
    this.meet(hot);
  }

  /** Once, the map begins where its reader works; after that it stays where they put it. */
  frame() {
    const { place, of, territory } = this.view;
    if (this.framed === territory) return;
    this.framed = territory;
    const home = /** @type {import("./partage-api.js").Release} */ (this.release).zone;
    if (home || this.given().place) this.map.fit([home ?? place], of === "commune" ? 0.1 : 1.4);
    else this.map.all();
  }

  /** @param {import("./partage-api.js").Feature[]} features @param {import("./partage-api.js").Values} values @param {{changes: (string | null)[]}} changes */
  rows(features, values, changes) {
    const rows = features.map((one, at) => ({ name: one.properties.name, place: one.properties.place, value: values.values[at], change: changes.changes[at] }));
    return rows.sort((a, b) => a.name.localeCompare(b.name, "fr", { numeric: true }));
  }

  /** Quarters, or communes where there is none, with counts and trend. @param {AbortSignal} signal */
  async zones(signal) {
    const level = this.quarters?.length ? "qpv" : "commune";
    const { kind } = this.view;
    const group = this.periods(kind, level, this.view.group).length ? this.view.group : "all";
    const periods = this.periods(kind, level, group);
    if (periods.length === 0) return fill(part("zones"));
    const period = periods.includes(this.view.period) ? this.view.period : periods.filter((one) => one.length === 4).pop() ?? periods[periods.length - 1];
    const asked = { kind, level, period, group };
    const [features, values, changes] = await Promise.all([this.places(level), this.once("values", asked), this.once("changes", asked)]);
    if (signal.aborted) return undefined;
    this.stops = this.rows(features, values, changes).map((row) => ({ name: row.name, places: [row.place], value: row.value, sentence: "" }));
    const title = `${level === "qpv" ? "Quartiers prioritaires" : "Communes"}, ${periodName(period)}`;
    return fill(part("zones"), ...placesTable(this.rows(features, values, changes), title, changes.before, this.view.place, (place) => { this.map.fit([place], 1.4); this.go({ place, of: level }); }, "zones-title"));
  }

  /** @param {import("./partage-api.js").Hot} hot @param {AbortSignal} signal */
  async card(hot, signal) {
    const { place, of, kind } = this.view;
    const features = await this.places(of);
    const at = features.findIndex((one) => one.properties.place === place);
    if (at < 0 || signal.aborted) return fill(part("place"), h("p", {}, "Choisissez un lieu sur la carte ou dans une liste."));
    const feature = features[at].properties;
    const group = this.periods(kind, of, this.view.group).length ? this.view.group : "all";
    const periods = this.periods(kind, of, group);
    const period = periods.includes(this.view.period) ? this.view.period : periods.filter((one) => one.length === 4).pop() ?? periods[periods.length - 1];
    const steps = Object.keys(STEPS).filter((step) => this.families(kind, of).some((one) => one.period === step && one.groups.includes(group)));
    const step = steps.includes(this.view.step) ? this.view.step : steps.includes("quarter") ? "quarter" : steps[0];
    const asked = { kind, level: of, period, group };
    const [values, changes, trend, hours] = await Promise.all([this.once("values", asked), this.once("changes", asked),
      this.once("trend", { kind, level: of, place, by: step, group }), this.hours(feature, of)]);
    if (signal.aborted) return undefined;
    const manifest = /** @type {import("./partage-api.js").Manifest} */ (this.manifest);
    const told = { name: feature.name, period, value: values.values[at], dwellings: feature.dwellings, change: changes.changes[at], before: changes.before,
      group: manifest.groups.find((one) => one.code === group)?.label ?? group, kind: manifest.kinds.find((one) => one.code === kind)?.label ?? kind,
      area: hot.areas.find((one) => one.places.includes(place)) ?? null };
    fill(part("said"), `${feature.name}${NNBSP}: ${countWords(told.value)}`);
    return fill(part("place"), ...placeHead(told), h("div", { class: "parts" },
      trendPart(trend, ["month", "quarter", "year"].filter((one) => steps.includes(one)).map((code) => ({ code, label: STEPS[/** @type {keyof typeof STEPS} */ (code)], chosen: code === step })), (code) => this.go({ step: code })),
      hours && hoursPart(hours.told, hours.name)));
  }

  /** Weekdays and hours are published for whole communes alone (or the largest hexagons): those around the place.
   * @param {import("./partage-api.js").Feature["properties"]} feature @param {string} of */
  async hours(feature, of) {
    const { kind } = this.view;
    const manifest = /** @type {import("./partage-api.js").Manifest} */ (this.manifest);
    const has = (/** @type {string} */ level) => manifest.families.some((one) => one.kind === kind && one.level === level && (one.period === "weekday" || one.period === "band"));
    const own = of !== "qpv" && has(of);
    const place = own ? feature.place : feature.commune ?? this.communes?.[0]?.properties.place;
    if (!place || !(own || has("commune"))) return null;
    const level = own ? of : "commune";
    const told = await this.once("hours", { kind, level, place });
    return { told, name: (await this.places(level)).find((one) => one.properties.place === place)?.properties.name ?? place };
  }

  async patrols() {
    const patrols = await get(`${this.base}/requests`);
    part("requests").hidden = !this.listed.answers && patrols.requests.length === 0;
    fill(part("requests"), ...requestsPart(patrols, (number, answer, reason) => this.answer(number, answer, reason)));
  }

  /** @param {number} number @param {string} answer @param {string | null} reason */
  async answer(number, answer, reason) {
    fill(part("alert"));
    try {
      await send(`${this.base}/requests/${number}`, { answer, reason });
    } catch (error) {
      fill(part("alert"), h("p", {}, error instanceof Error ? error.message : "La réponse n’a pas été enregistrée."));
    }
    await this.patrols();
    const next = document.querySelector(`[data-request="${number}"] button`) ?? part("requests");
    /** @type {HTMLElement} */ (next).focus();
  }

  /** Hot areas in their order, then quarters by name. @param {import("./partage-api.js").Hot} hot */
  meet(hot) {
    const on = this.view.meeting === "1";
    document.body.dataset.meeting = on ? "on" : "off";
    const areas = hot.areas.map((area) => ({ name: area.name, places: area.places, value: area.facts, sentence: area.sentence, verdict: area.verdict }));
    const title = `${/** @type {any} */ (this.release).title}, ${periodName(this.view.period)}`;
    this.meeting.set(on, [...areas, ...(this.stops ?? [])], title, (places) => this.map.choose(places[0]));
  }
}

document.querySelectorAll("[data-skip]").forEach((link) => link.addEventListener("click", (event) => {
  event.preventDefault();
  part(/** @type {HTMLElement} */ (link).dataset.skip ?? "map").focus();
}));

/** Other pages, where there are some. @param {{answers: boolean, asks: boolean, surface: string}} listed */
function pages(listed) {
  const links = listed.surface === "main" ? [["/partage", "Carte partagée"], ["/compte", "Compte"]] : [];
  if (links.length && !listed.answers) links.unshift(["/", "Carte"]);
  if (listed.asks) links.splice(2, 0, ["/partages", "Partages"]);
  fill(part("pages"), links.map(([address, word]) => h("a", { href: address, "aria-current": address === "/partage" && "page" }, word)));
}

get("/api/shared").then((listed) => {
  pages(listed);
  if (listed.releases.length === 0) {
    document.body.dataset.state = "empty";
    fill(part("alert"), h("p", {}, "Aucune diffusion ne vous est ouverte. Il faut une convention en cours sur ce territoire, et une diffusion publiée."));
    return;
  }
  new Shared(listed);
}).catch((error) => {
  document.body.dataset.state = "error";
  fill(part("alert"), h("p", {}, error instanceof Error ? error.message : "La page n’a pas pu s’ouvrir."), h("button", { type: "button", onclick: () => location.reload() }, "Réessayer"));
});

