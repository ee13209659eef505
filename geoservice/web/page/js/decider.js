/** « Décider »: cameras that are moved, added, removed; places that are drawn; each change in the address, each one undone. */

import { Drawing } from "./decider-draw.js";
import { Ground } from "./decider-ground.js";
import { Plan } from "./decider-plan.js";

const picture = /** @type {SVGSVGElement | null} */ (document.querySelector(".siteplan"));
if (picture) {
  const ground = new Ground(picture);
  /** @type {(() => void)[]} */ const past = [];
  const plan = new Plan(ground, past);
  const drawing = new Drawing(ground, past, (at) => { begin(""); plan.add(at); });
  const buttons = [.../** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("#tools [data-mode]"))];

  /** @param {string} mode @param {boolean} [byKeys] */
  const begin = (mode, byKeys) => {
    for (const each of buttons) each.setAttribute("aria-pressed", String(each.dataset.mode === mode));
    drawing.begin(mode, byKeys);
  };
  const undo = () => past.pop()?.();

  for (const each of buttons) each.addEventListener("click", (event) => begin(each.getAttribute("aria-pressed") === "true" ? "" : each.dataset.mode || "", event.detail === 0));
  document.getElementById("undo")?.addEventListener("click", undo);
  document.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    if (event.key === "Escape" && drawing.mode) {
      const pressed = buttons.find((each) => each.dataset.mode === drawing.mode);
      begin("");
      pressed?.focus();
    } else if ((event.ctrlKey || event.metaKey) && event.key === "z") event.preventDefault(), undo();
  });
  document.getElementById("tools")?.removeAttribute("hidden");
  document.body.dataset.state = "ready";
}
