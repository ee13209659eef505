/** Meeting mode: one big map, big type, area after area; nothing can be changed by accident. */

import { fill, h } from "./dom.js";
import { countWords } from "./partage-words.js";
import { verdictMark } from "./partage-panels.js";
import { NNBSP, number } from "./words.js";

/** @typedef {{name: string, places: string[], value: number | null, sentence: string, verdict?: string}} Stop */

export class Meeting {
  /** @param {HTMLElement} element @param {(places: string[]) => void} onlook @param {() => void} onleave */
  constructor(element, onlook, onleave) {
    this.element = element;
    this.onlook = onlook;
    this.onleave = onleave;
    /** @type {Stop[]} */ this.stops = [];
    this.at = 0;
    this.on = false;
    addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {boolean} on @param {Stop[]} stops @param {string} title @param {(places: string[]) => void} onmark */
  set(on, stops, title, onmark) {
    const began = on && !this.on;
    const ended = !on && this.on;
    this.stops = stops;
    this.title = title;
    this.onmark = onmark;
    this.on = on;
    this.element.hidden = !on;
    if (on) this.at = began ? 0 : Math.min(this.at, Math.max(0, stops.length - 1));
    if (on) this.show();
    if (began) this.element.querySelector("button")?.focus();
    if (ended) document.getElementById("to-meeting")?.focus();
  }

  show() {
    const stop = this.stops[this.at];
    const held = document.activeElement?.id;
    const step = (/** @type {string} */ id, /** @type {string} */ words, /** @type {number} */ by) => h("button", { type: "button", id, disabled: !this.stops[this.at + by], onclick: () => this.move(by) }, words);
    fill(this.element,
      h("p", { class: "meeting-title" }, this.title ?? ""),
      stop ? [h("h1", {}, stop.name), h("p", { class: "meeting-count" }, countWords(stop.value)),
        stop.sentence && h("p", { class: "meeting-sentence" }, stop.verdict && [verdictMark(stop.verdict), " "], stop.sentence)] : h("p", {}, "Aucun nombre n’est diffusé à ce niveau."),
      h("div", { class: "meeting-steps" }, step("meeting-before", "← Précédent", -1),
        h("span", {}, this.stops.length ? `${number(this.at + 1)}${NNBSP}/${NNBSP}${number(this.stops.length)}` : ""), step("meeting-after", "Suivant →", 1),
        h("button", { type: "button", id: "meeting-leave", onclick: () => this.onleave() }, "Quitter la réunion")));
    if (held?.startsWith("meeting-")) {
      const again = /** @type {HTMLButtonElement | null} */ (document.getElementById(held));
      (again && !again.disabled ? again : document.getElementById("meeting-leave"))?.focus();
    }
    if (stop) {
      this.onmark?.(stop.places);
      this.onlook(stop.places);
    }
  }

  /** @param {number} by */
  move(by) {
    if (!this.stops[this.at + by]) return;
    this.at += by;
    this.show();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.on) return;
    if (event.key === "PageDown") this.move(1);
    else if (event.key === "PageUp") this.move(-1);
    else if (event.key === "Escape") this.onleave();
    else return;
    event.preventDefault();
  }
}
