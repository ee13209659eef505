/** Two handles on a line of steps: drag one, drag between them, draw a new stretch, or use the arrows. */

import { h } from "./dom.js";

/**
 * A stretch of whole steps: `first` included, `last` excluded.
 * @typedef {{first: number, last: number}} Stretch
 * @typedef {{names: [string, string], say: (edge: number, which: 0 | 1) => string, onchange: (stretch: Stretch) => void}} BrushWords
 */

const KEYS = /** @type {Record<string, (at: number, page: number) => number>} */ ({
  ArrowLeft: (at) => at - 1, ArrowDown: (at) => at - 1, ArrowRight: (at) => at + 1, ArrowUp: (at) => at + 1,
  PageDown: (at, page) => at - page, PageUp: (at, page) => at + page, Home: () => -Infinity, End: () => Infinity,
});

export class Brush {
  /** @param {HTMLElement} track it is filled with the handles @param {BrushWords} words */
  constructor(track, words) {
    this.track = track;
    this.words = words;
    this.steps = 1;
    this.page = 4; // steps of Page Up
    /** @type {Stretch} */ this.stretch = { first: 0, last: 1 };
    /** @type {((at: number) => Stretch) | null} what the drag that is going on makes of a position */ this.drag = null;
    this.window = h("div", { class: "brush-window" });
    this.handles = /** @type {HTMLElement[]} */ ([0, 1].map((which) => h("div", { class: "brush-handle", role: "slider", tabindex: "0",
      "aria-label": words.names[which], "aria-orientation": "horizontal", onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event, which) })));
    track.append(this.window, ...this.handles);
    track.addEventListener("pointerdown", (event) => this.start(event));
    track.addEventListener("pointermove", (event) => this.drag && this.take(this.drag(this.at(event))));
    for (const end of ["pointerup", "pointercancel"]) track.addEventListener(end, () => { this.drag = null; });
  }

  /** @param {number} steps @param {Stretch} stretch */
  show(steps, stretch) {
    this.steps = Math.max(1, steps);
    this.stretch = stretch;
    const edges = [stretch.first, stretch.last];
    this.handles.forEach((handle, which) => {
      handle.style.left = this.percent(edges[which]);
      const bounds = which === 0 ? [0, stretch.last - 1] : [stretch.first + 1, this.steps];
      const values = { "aria-valuemin": bounds[0], "aria-valuemax": bounds[1], "aria-valuenow": edges[which] };
      for (const [name, value] of Object.entries(values)) handle.setAttribute(name, String(value));
      handle.setAttribute("aria-valuetext", this.words.say(edges[which], /** @type {0 | 1} */ (which)));
    });
    this.window.style.left = this.percent(stretch.first);
    this.window.style.width = this.percent(stretch.last - stretch.first);
  }

  /** @param {number} steps */
  percent(steps) {
    return `${(100 * steps) / this.steps}%`;
  }

  /** @param {PointerEvent} event @returns {number} in steps, not rounded */
  at(event) {
    const box = this.track.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * this.steps;
  }

  /** @param {PointerEvent} event */
  start(event) {
    if (event.button !== 0) return;
    const from = this.at(event);
    const { first, last } = this.stretch;
    const which = this.handles.indexOf(/** @type {HTMLElement} */ (event.target));
    if (which >= 0) this.drag = (at) => moved(this.stretch, which, Math.round(at));
    else if (from > first && from < last && last - first < this.steps) this.drag = (at) => this.shifted({ first, last }, Math.round(at - from));
    else this.drag = (at) => ({ first: Math.floor(Math.min(from, at)), last: Math.max(Math.ceil(Math.max(from, at)), Math.floor(Math.min(from, at)) + 1) });
    this.track.setPointerCapture(event.pointerId);
    event.preventDefault();
    if (which >= 0) this.handles[which].focus();
  }

  /** @param {Stretch} stretch @param {number} by */
  shifted(stretch, by) {
    const kept = Math.max(-stretch.first, Math.min(this.steps - stretch.last, by));
    return { first: stretch.first + kept, last: stretch.last + kept };
  }

  /** @param {KeyboardEvent} event @param {number} which */
  key(event, which) {
    const step = KEYS[event.key];
    if (!step) return;
    event.preventDefault();
    const edge = which === 0 ? this.stretch.first : this.stretch.last;
    this.take(moved(this.stretch, which, step(edge, this.page)));
  }

  /** @param {Stretch} wanted */
  take(wanted) {
    const first = Math.max(0, Math.min(this.steps - 1, wanted.first));
    const stretch = { first, last: Math.max(first + 1, Math.min(this.steps, wanted.last)) };
    if (stretch.first === this.stretch.first && stretch.last === this.stretch.last) return;
    this.show(this.steps, stretch);
    this.words.onchange(stretch);
  }
}

/** One handle elsewhere; handles never pass each other.
 * @param {Stretch} stretch @param {number} which @param {number} to @returns {Stretch} */
function moved({ first, last }, which, to) {
  return which === 0 ? { first: Math.min(to, last - 1), last } : { first, last: Math.max(to, first + 1) };
}
