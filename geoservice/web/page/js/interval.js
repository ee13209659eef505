/** Counted beside expected: a bar for what chance alone would show, a tick for what was expected, a dot for what was counted. */

import { h, s } from "./dom.js";
import { awaited } from "./hotspots.js";
import { NNBSP, number } from "./words.js";

const HIGH = 28;
const WIDE = 300;
const EDGE = 8;

/** @param {import("./api.js").Numbers} numbers @param {string} look of its verdict, "reste" for none */
export function interval({ observed, expected, low, high }, look) {
  const most = Math.max(observed, high, expected, 1) * 1.02;
  const at = (/** @type {number} */ value) => EDGE + ((WIDE - 2 * EDGE) * value) / most;
  const words = `${number(observed)} compté${observed > 1 ? "s" : ""}, ${awaited(expected)} attendu${expected >= 2 ? "s" : ""}${NNBSP}; le hasard seul montrerait de ${number(low)} à ${number(high)}.`;
  const drawing = s("svg", { class: "interval", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": words },
    s("line", { x1: EDGE, x2: WIDE - EDGE, y1: HIGH / 2, y2: HIGH / 2, class: "interval-axis" }),
    s("rect", { x: at(low), width: Math.max(2, at(high) - at(low)), y: HIGH / 2 - 5, height: 10, class: "interval-chance" }),
    s("line", { x1: at(expected), x2: at(expected), y1: 4, y2: HIGH - 4, class: "interval-expected" }),
    s("circle", { cx: at(observed), cy: HIGH / 2, r: 6.5, class: `interval-counted interval-${look}` }));
  return h("div", { class: "interval-box" }, drawing, h("p", { class: "interval-words" },
    h("span", {}, h("strong", {}, number(observed)), observed > 1 ? " comptés" : " compté"), h("span", {}, h("strong", {}, awaited(expected)), expected >= 2 ? " attendus" : " attendu"),
    h("span", { class: "hint" }, `hasard seul${NNBSP}: ${number(low)} à ${number(high)}`)));
}
