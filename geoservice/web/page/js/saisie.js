/** Entering a fact: kept on the device first, sent when there is a network, never twice; undone by whoever made it. */

import { fill, h, part } from "./dom.js";
import * as form from "./saisie-fields.js";
import { ask, send } from "./saisie-send.js";
import * as store from "./saisie-store.js";
import { spots, Where } from "./saisie-where.js";
import { date, NNBSP, plural } from "./words.js";

/**
 * @typedef {import("./saisie-fields.js").Lists} Lists
 * @typedef {import("./saisie-store.js").Entry} Entry
 */

const AGAIN_MS = 20_000;
const ADDRESS = "/api/facts";
const STATES = /** @type {Record<string, string>} */ ({ waiting: "en attente d’envoi", sent: "envoyé", undoing: "annulation en attente d’envoi", undone: "annulé",
  merging: "rapprochement en attente d’envoi", merged: "réuni à un fait déjà signalé" });

class Page {
  /** @param {Lists} lists @param {string[]} recent @param {string} nature */
  constructor(lists, recent, nature) {
    this.lists = lists;
    this.nature = nature;
    this.where = new Where(spots(lists), recent);
    this.draw();
    part("form").addEventListener("submit", (/** @type {Event} */ event) => { event.preventDefault(); this.enter(); });
    addEventListener("online", () => this.flush());
    addEventListener("visibilitychange", () => { if (!document.hidden) this.flush(); });
    setInterval(() => this.flush(), AGAIN_MS);
    document.body.dataset.state = "ready";
    this.flush();
  }

  draw() {
    fill(part("form"), this.where.element, ...form.fields(this.lists, this.nature), h("p", { class: "send" }, h("button", { type: "submit" }, "Enregistrer")));
    part("form").hidden = false;
  }

  async enter() {
    const found = form.read(this.where.chosen, this.lists.kind);
    if ("missing" in found) return missing(found);
    fill(part("alert"));
    const id = form.identifier();
    const spot = /** @type {import("./saisie-where.js").Spot} */ (this.where.chosen);
    /** @type {Entry} */ const entry = { id, day: form.today(), time: form.clock(), what: this.words(found.body.category), where: `${spot.name}, ${spot.detail}`,
      organisation: this.lists.organisation, state: "waiting" };
    await store.keep(entry, { id, path: ADDRESS, body: { id, ...found.body }, organisation: this.lists.organisation,
      done: "sent", failed: "refused" });
    const recent = this.where.used();
    this.nature = found.body.nature ?? "";
    await Promise.all([store.remember("recent", recent), store.remember("nature", this.nature)]);
    this.where = new Where(this.where.all, recent);
    this.draw();
    scrollTo(0, 0);
    part("done").focus({ preventScroll: true });
    this.flush(id);
  }

  /** « Dégradations, tag ». @param {string} code */
  words(code) {
    const [first, second] = code.split(".");
    const category = this.lists.categories.find((one) => one.code === first);
    const precise = category?.subcategories.find((one) => one.code === second);
    return [category?.label ?? first, precise?.label].filter(Boolean).join(", ");
  }

  /** Send what waits and say how it stands. @param {string} [last] the entry just made */
  async flush(last) {
    if (last) this.last = last;
    await this.show("sending");
    const sent = await send();
    await this.show(sent.state, sent);
    if (last && sent.answers[last]?.created) this.compare(last);
  }

  /** Ask whether the entry just made tells a fact that is there already. @param {string} id */
  async compare(id) {
    const { answer } = await ask(`${ADDRESS}/${id}/proches`);
    if (!answer?.near?.length || this.last !== id) return;
    const yes = async (/** @type {number} */ fact) => {
      const entry = /** @type {Entry} */ (await store.entry(id));
      await store.keep({ ...entry, state: "merging" }, { id, path: `${ADDRESS}/${id}/reunir`, body: { fact }, organisation: entry.organisation, done: "merged", failed: "sent" });
      await this.flush();
    };
    part("done").append(h("p", {}, `Déjà signalé ici${NNBSP}: est-ce le même fait${NNBSP}?`), h("div", { class: "chips" },
      answer.near.slice(0, 3).map((/** @type {any} */ one) => h("button", { type: "button", onclick: () => yes(one.fact) }, `Oui, ${[date(one.date), one.time].filter(Boolean).join(", ")}`)),
      h("button", { type: "button", onclick: () => this.show("done") }, "Non")));
  }

  /** @param {string} state @param {import("./saisie-send.js").Sent} [sent] */
  async show(state, sent) {
    const [waits, all] = [await store.waiting(), await store.entries()];
    fill(part("queue"), ...queue(waits.length, state, sent));
    const mine = all.filter((one) => one.organisation === this.lists.organisation).sort((a, b) => `${b.day} ${b.time}`.localeCompare(`${a.day} ${a.time}`));
    part("today").hidden = !mine.length;
    fill(part("entries"), mine.map((one) => this.line(one)));
    const last = mine.find((one) => one.id === this.last);
    fill(part("done"), last && h("p", {}, h("b", {}, last.state === "waiting" ? "Gardé sur cet appareil." : last.state === "sent" ? "Enregistré." : `Fait ${STATES[last.state] ?? "refusé"}.`, " "), `${last.what}, ${last.where}.`));
  }

  /** @param {Entry} entry */
  line(entry) {
    const undo = ["waiting", "sent", "merged"].includes(entry.state) && entry.day === form.today();
    const said = entry.state === "refused" ? `refusé${NNBSP}: ${entry.why ?? ""}` : `${STATES[entry.state]}${entry.why ? `${NNBSP}; ${entry.why}` : ""}`;
    return h("li", { "data-state": entry.state }, h("p", {}, h("span", { class: "what" }, `${entry.time.replace(":", `${NNBSP}h${NNBSP}`)} · ${entry.what}, ${entry.where}`), h("span", { class: "state" }, said)),
      undo ? h("button", { type: "button", "aria-label": `Annuler${NNBSP}: ${entry.what}, ${entry.where}`, onclick: () => this.undo(entry) }, "Annuler") : null);
  }

  /** What never left this device is forgotten; what did, or may have, is undone there. @param {Entry} entry */
  async undo(entry) {
    const take = async () => {
      const [request] = (await store.waiting()).filter((one) => one.id === entry.id && one.path === ADDRESS);
      if (request && !request.tried) await store.settle({ ...entry, state: "undone" }, request);
      else await store.keep({ ...entry, state: "undoing" }, { id: entry.id, path: `${ADDRESS}/${entry.id}/annuler`, body: {}, organisation: entry.organisation,
        done: "undone", failed: "sent" });
    };
    await (navigator.locks ? navigator.locks.request("saisie", take) : take());
    await this.flush();
  }
}

/** What waits, in one line, and what to do about it. @param {number} waits @param {string} state @param {import("./saisie-send.js").Sent} [sent] */
function queue(waits, state, sent) {
  part("queue").dataset.state = waits ? state : "sent";
  if (!waits) return navigator.onLine ? [] : ["Hors réseau : ce que vous saisissez est gardé ici.".replace(" :", `${NNBSP}:`)];
  const words = `${plural(waits, "fait")} en attente d’envoi`;
  if (state === "signed-out") return [h("span", {}, `${words}${NNBSP}: connectez-vous pour les envoyer.`), h("a", { href: "/connexion" }, "Se connecter")];
  if (state === "other") return [h("span", {}, `${words}, à envoyer par «${NNBSP}${sent?.organisation}${NNBSP}»${NNBSP}: connectez-vous avec ce compte.`)];
  return [h("span", {}, state === "sending" ? `${words}…` : `${words}${NNBSP}: ils partiront dès que le réseau revient.`)];
}

/** @param {{missing: string, field: string}} found */
function missing(found) {
  fill(part("alert"), h("p", {}, found.missing));
  const there = document.getElementById(found.field);
  there?.scrollIntoView({ block: "center" });
  /** @type {HTMLElement | null} */ (there?.querySelector("input"))?.focus({ preventScroll: true });
}

/** The lists to choose from: as they are now, else as they last were here. @returns {Promise<Lists>} */
async function lists() {
  const { status, answer } = await ask("/api/saisie");
  if (answer) {
    await store.remember("lists", answer);
    return answer;
  }
  const kept = await store.kept("lists");
  if (kept && status !== 403) return kept;
  if (status === 401) location.assign("/connexion");
  throw new Error(status === 403 ? "Votre rôle ne permet pas de saisir des faits." : "Ouvrez cette page une première fois avec du réseau : elle marche ensuite sans.".replace(" :", `${NNBSP}:`));
}

async function start() {
  try {
    navigator.serviceWorker?.register("/saisie/hors-ligne.js", { scope: "/saisie" }).catch(() => {});
    await store.tidy(form.today());
    const [found, recent, nature] = [await lists(), await store.kept("recent"), await store.kept("nature")];
    new Page(found, recent ?? [], nature ?? "gardien");
  } catch (error) {
    document.body.dataset.state = "error";
    fill(part("alert"), h("p", {}, error instanceof Error ? error.message : "Cette page n’a pas pu s’ouvrir."));
  }
}

start();
