/** Waiting for a plan: the form asks for it as a computation, says which step it is at, and lets go of it. Without this, it is a page that takes its time. */

import { fill, h, part } from "./dom.js";
import { NNBSP } from "./words.js";

const EVERY_MS = 250;
const LONGEST_MS = 180_000; // whoever computed it is gone
const WORDS = /** @type {Record<string, string>} */ ({
  terrain: "Terrain : bâtiments, voies et faits",
  "lignes de vue": "Lignes de vue : ce que chaque emplacement verrait",
  choix: "Choix : un bon plan",
  preuve: "Preuve : en existe-t-il un meilleur ?",
});

/**
 * @typedef {{id: string, state: "waiting" | "running" | "done" | "failed" | "cancelled", step: string, steps: string[], part: number}} Told
 */

/** @param {string} text */
const typeset = (text) => text.replace(/ (?=[:?])/g, NNBSP);

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {string} address @param {RequestInit} [how] @returns {Promise<any>} */
async function ask(address, how = {}) {
  const response = await fetch(address, { cache: "no-store", ...how });
  if (!response.ok) throw new Error(String(response.status));
  return response.status === 204 ? null : response.json();
}

class Waiting {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    [this.form, this.box] = [form, /** @type {HTMLElement} */ (part("wait"))];
    this.name = "";
    this.steps = /** @type {HTMLElement[]} */ ([]);
    form.addEventListener("submit", (event) => this.begin(event));
    addEventListener("pageshow", (event) => { if (event.persisted) this.clear(); }); // gone back to
  }

  /** @param {SubmitEvent} event */
  async begin(event) {
    if (/** @type {HTMLButtonElement | null} */ (event.submitter)?.name) return; // cameras by hand: nothing is computed for long
    const asked = Object.fromEntries([...new FormData(this.form)].filter(([, text]) => text !== ""));
    if (!asked.zone && !asked.bbox) return;
    event.preventDefault();
    if (this.name) return;
    this.name = "…";
    try {
      const told = await ask("/api/siting/plans", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ asked }) });
      this.name = told.id;
      await this.follow(told);
    } catch {
      this.form.submit(); // the page answers by itself, and says what is wrong
    }
  }

  /** @param {Told} told */
  async follow(told) {
    const end = Date.now() + LONGEST_MS;
    while (told.state === "waiting" || told.state === "running") {
      this.show(told);
      await pause(EVERY_MS);
      if (Date.now() > end) throw new Error("lost");
      told = await ask(`/api/siting/plans/${this.name}`);
    }
    if (told.state !== "cancelled") return this.form.submit();
    this.clear();
    this.box.hidden = false;
    fill(this.box, h("p", { class: "say note" }, `Calcul annulé. Changez ce que vous voulez, puis redemandez un plan.`));
    /** @type {HTMLElement | null} */ (this.form.querySelector("button[type=submit]"))?.focus();
  }

  /** @param {Told} told */
  show(told) {
    if (!this.steps.length) this.draw(told.steps);
    const at = told.steps.indexOf(told.step);
    this.steps.forEach((each, number) => {
      each.className = number < at ? "past" : number === at ? "now" : "";
      if (number === at) each.setAttribute("aria-current", "step");
      else each.removeAttribute("aria-current");
    });
    const step = typeset(WORDS[told.step] || "Un autre calcul se termine ; le vôtre suit.");
    if (this.said.textContent !== step) fill(this.said, step); // heard once a step
    this.bar.value = told.part;
  }

  /** @param {string[]} steps */
  draw(steps) {
    this.steps = steps.map((step) => h("li", {}, step));
    this.said = h("p", { class: "step", role: "status", "aria-live": "polite" });
    this.bar = h("progress", { max: "1", value: "0", "aria-label": "Avancement du calcul" });
    this.stop = h("button", { type: "button", onclick: () => this.cancel() }, "Annuler");
    this.box.hidden = false;
    fill(this.box, this.said, this.bar, h("ol", { class: "steps", "aria-label": "Étapes" }, this.steps), this.stop);
    this.form.setAttribute("aria-busy", "true");
    this.stop.focus();
  }

  async cancel() {
    this.stop.disabled = true;
    await ask(`/api/siting/plans/${this.name}`, { method: "DELETE" }).catch(() => null); // the next look says how it ended
  }

  clear() {
    [this.name, this.steps] = ["", []];
    this.box.hidden = true;
    fill(this.box);
    this.form.removeAttribute("aria-busy");
  }
}

new Waiting(/** @type {HTMLFormElement} */ (part("ask")));
