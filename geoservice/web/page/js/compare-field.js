/** Choosing a period to compare with. */

import { option, selectField } from "./choices.js";
import { otherPeriods } from "./compare-period.js";
import { fill, h } from "./dom.js";
import { compareWords, unequalWords } from "./period-words.js";

/** @param {import("./state.js").Store} store @returns {HTMLElement} */
export function comparison(store) {
  const note = h("p", { class: "hint" });
  const field = selectField("compare", "Comparer avec", [], () => store.change({ compare: select.value }));
  const select = /** @type {HTMLSelectElement} */ (field.querySelector("select"));
  const show = () => {
    const { view } = store;
    const { yearBefore, justBefore } = otherPeriods(view, store.period);
    const known = [["", "Rien"], [yearBefore, "Les mêmes dates un an plus tôt"], [justBefore, "La période juste avant"]]
      .filter(([value], at) => at === 0 || value !== "");
    const unlike = view.compare && !known.some(([value]) => value === view.compare) ? [[view.compare, compareWords(view.compare)]] : [];
    fill(select, [...known, ...unlike].filter(([value], at, all) => all.findIndex(([one]) => one === value) === at).map(([value, label]) => option(value, label)));
    select.value = view.compare;
    fill(note, view.compare && `${compareWords(view.compare)}.${unequalWords(view, store.period)}`);
  };
  store.listen(show);
  show();
  return h("div", { class: "compare-field" }, field, note);
}
