/** Pages of residences and quarters: a list without a place in the address, a profile with one. */

import * as api from "./api.js";
import { option, selectField } from "./choices.js";
import { sentence } from "./counts.js";
import { presets } from "./days.js";
import { fill, h, part } from "./dom.js";
import { listPage } from "./places-list.js";
import { profilePage } from "./place-profile.js";
import { quarterPart } from "./place-quarters.js";
import { EMPTY, filters, read, write } from "./state.js";

/**
 * @typedef {import("./state.js").View} View
 * @typedef {{title: string, content: any[], crumbs: any[]}} Sheet
 */

class Places {
  /** @param {api.Session} session @param {api.Catalog} catalog */
  constructor(session, catalog) {
    this.session = session;
    this.catalog = catalog;
    this.controller = new AbortController();
    fill(part("territory"), session.organisation);
    fill(part("sources"), "Sources\u202f: ", catalog.layers.filter((one) => ["incidents", "patrimoine", "halls", "qpv"].includes(one.name))
      .map((one) => `${one.title} (${one.attribution}, ${one.licence})`).join(" · "));
    addEventListener("hashchange", () => this.show());
    part("choose").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
    this.show();
  }

  /** @returns {View} what the address says, over the first view */
  view() {
    const given = read(location.hash);
    const kind = this.catalog.kinds.find((one) => one.code === given.kind) ?? this.catalog.kinds.find((one) => one.code === "bailleur") ?? this.catalog.kinds[0];
    const year = presets(this.catalog.period).find((one) => one.code === "12m");
    return { ...EMPTY, ...(given.kind ? {} : year?.period), ...given, kind: kind.code };
  }

  async show() {
    this.controller.abort();
    const { signal } = (this.controller = new AbortController());
    const view = this.view();
    document.body.dataset.state = "loading";
    this.choices(view);
    part("to-map").href = `/${write({ ...EMPTY, ...view })}`;
    try {
      const sheet = view.zone ? profilePage(await this.place(view, signal), view, this.catalog)
        : listPage(await this.lists(view, signal), view, this.catalog);
      if (signal.aborted) return;
      this.put(sheet);
      if (view.zone && !view.zone.startsWith("residence:")) await this.surroundings(view, signal);
      if (signal.aborted) return;
      document.body.dataset.state = "ready";
    } catch (error) {
      if (signal.aborted) return;
      document.body.dataset.state = "error";
      fill(part("title"), "Page indisponible");
      fill(part("content"));
      fill(part("alert"), h("p", {}, sentence(error)), h("a", { href: "/lieux" }, "Voir toutes les résidences"));
    }
  }

  /** A place, and for a residence whom one turned to. @param {View} view @param {AbortSignal} signal */
  async place(view, signal) {
    const [type, code] = [view.zone.split(":")[0], view.zone.slice(view.zone.indexOf(":") + 1)];
    const [place, followed] = await Promise.all([api.place(view.zone, api.without(filters(view), "zone"), signal),
      type === "residence" ? api.followed(code, signal).catch(() => []) : []]);
    return { ...place, followed };
  }

  /** @param {View} view @param {AbortSignal} signal */
  async lists(view, signal) {
    const [found, zones] = await Promise.all([api.residences(api.without(filters(view), "zone"), signal), api.zones("qpv").catch(() => [])]);
    return { residences: found.residences, zones };
  }

  /** What stands around a QPV or a commune comes after its own facts: it is longer to count. @param {View} view @param {AbortSignal} signal */
  async surroundings(view, signal) {
    const waiting = h("p", { class: "hint", role: "status" }, "Les environs du quartier se comptent…");
    part("content").append(waiting);
    try {
      const found = await api.quarter(view.zone, api.without(filters(view), "zone"), signal);
      if (!signal.aborted) waiting.replaceWith(quarterPart(found, view, view.kind));
    } catch (error) {
      if (!signal.aborted) fill(waiting, sentence(error));
    }
  }

  /** @param {Sheet} sheet */
  put({ title, content, crumbs }) {
    fill(part("alert"));
    fill(part("crumbs"), ...crumbs);
    fill(part("title"), title);
    fill(part("content"), ...content);
    document.title = `${title} – ${this.session.organisation}`;
  }

  /** Origin and period; another choice is another address. @param {View} view */
  choices(view) {
    const go = (/** @type {Partial<View>} */ change) => { location.hash = write({ ...view, ...change }); };
    const kind = selectField("kind", "Origine", this.catalog.kinds.map((one) => option(one.code, one.label)), (event) => go({ kind: /** @type {any} */ (event.target).value }));
    kind.querySelector("select").value = view.kind;
    const all = presets(this.catalog.period);
    const current = all.find((one) => one.period.from === view.from && one.period.to === view.to);
    const period = selectField("period", "Période", [!current && option("", "Choisie sur la carte"), ...all.map((one) => option(one.code, one.label))].filter(Boolean), (event) => {
      const chosen = all.find((one) => one.code === /** @type {any} */ (event.target).value);
      if (chosen) go(chosen.period);
    });
    period.querySelector("select").value = current?.code ?? "";
    const held = document.activeElement?.id;
    fill(part("choose"), kind, period);
    if (held === "kind" || held === "period") part(held).focus();
  }
}

/** @param {unknown} error */
function hopeless(error) {
  document.body.dataset.state = "error";
  fill(part("title"), "Page indisponible");
  fill(part("alert"), h("p", {}, sentence(error)), h("button", { type: "button", onclick: () => location.reload() }, "Réessayer"));
}

document.querySelector("[data-skip]")?.addEventListener("click", (event) => {
  event.preventDefault();
  part("place").focus();
});

Promise.all([api.session(), api.layers()]).then(([session, catalog]) => {
  if (catalog.kinds.length === 0) throw new api.Failure("Aucun fait n’est encore importé.");
  new Places(session, catalog);
}).catch(hopeless);
