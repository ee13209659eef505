/** Imports that were made: their state, their refused lines, and taking one back. */

import { fill, h, part } from "./dom.js";
import * as api from "./import-api.js";
import { ended, moment, rejectTable, runTitle, STATES } from "./import-words.js";
import { NNBSP, number, plural } from "./words.js";

/** @typedef {import("./import-api.js").Run} Run */

export class Past {
  /** @param {(error: unknown) => void} failed @param {(run: Run) => void} begun called when an undo begins */
  constructor(failed, begun) {
    this.failed = failed;
    this.begun = begun;
    /** @type {number | null} the import whose refused lines are open */
    this.open = null;
  }

  async load() {
    this.show(await api.past());
  }

  /** @param {Run[]} runs */
  show(runs) {
    if (!runs.length) {
      fill(part("past"), h("p", {}, "Aucun import pour l’instant. Choisissez un fichier ci-dessus pour commencer."));
      return;
    }
    const heads = ["Date", "Fichier", "Couche", "État", "Lignes", ""].map((word) => h("th", { scope: "col", class: word === "Lignes" ? "number" : "" },
      word || h("span", { class: "unseen" }, "Actions")));
    fill(part("past"), h("div", { class: "scroll" }, h("table", { class: "cards" }, h("caption", { class: "unseen" }, "Imports, le plus récent d’abord"),
      h("thead", {}, h("tr", {}, heads)), h("tbody", {}, runs.map((run) => this.row(run))))), h("div", { id: "refused", tabindex: "-1" }));
  }

  /** @param {Run} run */
  row(run) {
    const taken = run.accepted + run.updated + run.unchanged;
    const name = runTitle(run);
    return h("tr", { "data-import": run.id, class: run.status === "undone" ? "unused" : "" },
      h("td", {}, moment(run.started)),
      h("td", {}, run.files.map((file) => file.name).join(", ") || "–", h("div", { class: "examples" }, run.source)),
      h("td", {}, run.layer_title),
      h("td", {}, h("span", { class: `state state-${run.status}` }, STATES[run.status] ?? run.status), run.problem && h("div", { class: "examples" }, run.problem)),
      h("td", { class: "number" }, number(run.lines), run.rejected > 0 && h("div", { class: "examples" }, plural(run.rejected, "refusée"))),
      h("td", {}, h("div", { class: "row-actions" },
        run.rejected > 0 && ended(run) && h("button", { type: "button", "aria-label": `Voir les lignes refusées. ${name}`, onclick: () => this.refused(run).catch(this.failed) }, "Voir les refus"),
        taken > 0 && ["done", "failed"].includes(run.status) && h("button", { type: "button", "aria-label": `Annuler. ${name}`, onclick: () => this.undo(run).catch(this.failed) }, "Annuler…"))));
  }

  /** @param {Run} run */
  async refused(run) {
    const { total, rejects } = await api.rejects(run.id);
    const place = part("refused");
    fill(place, h("h3", {}, `Lignes refusées de l’import n°${NNBSP}${run.id}`), total === 0
      ? h("p", {}, "Elles ne sont plus gardées : les lignes refusées sont effacées avec le fichier reçu, au bout de quelques semaines.".replace(" :", `${NNBSP}:`))
      : [rejectTable(rejects, total), h("p", {}, h("a", { href: `/api/imports/${run.id}/rejects.csv`, download: "" }, "Toutes les lignes refusées (CSV)"))]);
    place.scrollIntoView({ block: "nearest" });
    place.focus();
  }

  /** Ask, say what happens, and do it. @param {Run} run */
  async undo(run) {
    const { locked } = await api.run(run.id);
    const dialog = part("undo");
    fill(part("undo-what"), locked ?? `${runTitle(run)}, ${moment(run.started)}, ${plural(run.lines, "ligne")}.`);
    part("undo-effects").hidden = part("undo-yes").hidden = Boolean(locked);
    dialog.returnValue = "no";
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "yes") api.undo(run.id).then(this.begun).catch(this.failed);
    }, { once: true });
  }
}
