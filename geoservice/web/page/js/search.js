/** One box to find an address, a residence, a QPV or a commune: a combobox that keyboard and screen readers know. */

import * as api from "./api.js";
import { sentence } from "./counts.js";
import { fill, h, part, settled } from "./dom.js";

const WAIT_MS = 150;
const TYPES = /** @type {Record<string, string>} */ ({ residence: "Résidence", qpv: "Quartier", commune: "Commune", adresse: "Adresse" });

/** @typedef {(hit: api.Hit) => void} OnHit */

export class Search {
  /** @param {OnHit} onhit */
  constructor(onhit) {
    this.onhit = onhit;
    /** @type {api.Hit[]} */ this.found = [];
    this.active = -1;
    this.controller = new AbortController();
    this.input = /** @type {HTMLInputElement} */ (part("search"));
    this.list = part("search-list");
    this.words = part("search-words");
    const ask = settled(() => this.ask(), WAIT_MS);
    this.input.addEventListener("input", ask);
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
  }

  async ask() {
    this.controller.abort();
    const controller = (this.controller = new AbortController());
    const text = this.input.value.trim();
    if (text.length < 2) return this.close();
    try {
      const found = await api.search(text, controller.signal);
      if (!controller.signal.aborted && document.activeElement === this.input) this.open(found);
    } catch (error) {
      if (!controller.signal.aborted) this.say(sentence(error));
    }
  }

  /** @param {api.Hit[]} found */
  open(found) {
    this.found = found;
    this.active = -1;
    if (found.length === 0) return this.say("Rien de ce nom. Essayez le début d’une rue, d’une résidence ou d’un quartier.");
    fill(this.list, ...found.map((hit, at) => h("li", { role: "option", id: `hit-${at}`, "aria-selected": "false",
      onpointerdown: (/** @type {Event} */ event) => { event.preventDefault(); this.choose(hit); } },
    h("span", {}, hit.label), h("small", {}, [TYPES[hit.type] ?? hit.type, hit.detail].filter(Boolean).join(" · ")))));
    this.show(true);
    fill(this.words, `${found.length} réponse${found.length > 1 ? "s" : ""}`);
  }

  /** @param {string} words */
  say(words) {
    this.found = [];
    fill(this.list, h("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, words));
    this.show(true);
    fill(this.words, words);
  }

  /** @param {boolean} shown */
  show(shown) {
    this.list.hidden = !shown;
    this.input.setAttribute("aria-expanded", String(shown));
    this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.controller.abort();
    this.show(false);
    fill(this.words);
  }

  /** @param {api.Hit} hit */
  choose(hit) {
    this.close();
    this.input.value = hit.label;
    this.onhit(hit);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const open = !this.list.hidden;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && this.found.length) {
      event.preventDefault();
      if (open) this.move(event.key === "ArrowDown" ? 1 : -1);
      else this.show(true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (open && this.found.length) this.choose(this.found[Math.max(0, this.active)]);
      else this.ask();
    } else if (event.key === "Escape" && (open || this.input.value)) {
      if (open) this.close();
      else this.input.value = "";
      event.stopPropagation();
    }
  }

  /** @param {number} step */
  move(step) {
    const from = this.active < 0 && step < 0 ? 0 : this.active;
    this.active = (from + step + this.found.length) % this.found.length;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === this.active)));
    this.list.children[this.active].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `hit-${this.active}`);
  }
}
