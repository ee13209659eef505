/** The page of imports: a file comes in, is checked, is imported and followed; past imports stand below. */

import { fill, h, part, settled } from "./dom.js";
import * as api from "./import-api.js";
import { Check } from "./import-check.js";
import { Past } from "./import-past.js";
import { ended, notes, onTheMap, outcome, runTitle, STATES } from "./import-words.js";
import { NNBSP, number } from "./words.js";

const POLL_MS = 700;
const MOST_MB = 4096; // the server has its own limit; this one spares an upload that cannot succeed

/** @type {Check | null} */ let check = null;
let turn = 0; // an answer to an older question is dropped

const past = new Past(failed, (run) => follow(run));

/** @param {unknown} error */
function failed(error) {
  fill(part("alert"), error instanceof Error ? error.message : String(error));
  document.body.dataset.state = "ready";
}

/** @param {File | undefined} file */
async function take(file) {
  if (!file) return;
  fill(part("alert"));
  if (file.size > MOST_MB * 2 ** 20) return failed(new Error("Ce fichier est trop gros. Découpez-le en plusieurs fichiers."));
  const bar = part("sent");
  bar.hidden = false;
  bar.value = 0;
  document.body.dataset.state = "loading";
  try {
    const { upload } = await api.send(file, (share) => { bar.value = 100 * share; });
    check = new Check(upload, again, saveRejects);
    await look();
    part("check").focus();
    part("check").scrollIntoView({ block: "start" });
  } catch (error) {
    failed(error);
  } finally {
    bar.hidden = true;
    part("file").value = "";
  }
}

async function look() {
  const mine = ++turn;
  document.body.dataset.state = "loading";
  part("run").disabled = true;
  const asked = check?.asked;
  if (!asked) return;
  const found = await api.preview(asked);
  if (mine !== turn) return;
  fill(part("alert"));
  check?.show(found);
  document.body.dataset.state = "ready";
}

const again = settled(() => { look().catch(failed); }, 150);

async function saveRejects() {
  if (!check) return;
  try {
    const address = URL.createObjectURL(await api.previewRejects(check.asked));
    h("a", { href: address, download: "lignes-refusees.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  } catch (error) {
    failed(error);
  }
}

async function begin() {
  if (!check) return;
  part("run").disabled = true;
  try {
    const run = await api.begin(check.asked);
    leave();
    await follow(run);
  } catch (error) {
    failed(error);
    part("run").disabled = false;
  }
}

/** Show an import until it ends. @param {api.Run} run */
async function follow(run) {
  fill(part("alert"));
  part("under-way").hidden = false;
  part("under-way").focus();
  part("under-way").scrollIntoView({ block: "nearest" });
  past.load().catch(failed);
  const { id } = run;
  try {
    while (!ended(run)) {
      tell(run);
      await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
      run = await api.run(id);
    }
    tell(run);
    await past.load();
  } catch (error) {
    failed(error);
  }
}

/** @param {api.Run} run */
function tell(run) {
  fill(part("under-way-title"), ended(run) ? { done: "Import terminé", failed: "Import interrompu", undone: "Import annulé" }[run.status] ?? ""
    : run.status === "undoing" ? "Annulation en cours" : "Import en cours");
  const waits = run.status === "received" ? "En attente de son tour." : run.status === "reading" ? `${number(run.lines)} lignes lues…` : `${STATES[run.status]}…`;
  fill(part("progress"), h("p", {}, runTitle(run)),
    run.problem && h("p", {}, h("strong", {}, run.problem)),
    !ended(run) && [h("p", {}, waits), h("progress", { "aria-label": "Avancement" }), h("p", { class: "hint" }, "Vous pouvez quitter cette page, l’import continue.")],
    run.status === "done" && [outcome(run), notes(run.notes), h("p", { class: "actions" }, h("a", { href: onTheMap(run), class: "button" }, "Voir sur la carte"),
      run.rejected > 0 && h("a", { href: `/api/imports/${run.id}/rejects.csv`, download: "" }, `Les ${number(run.rejected)} lignes refusées (CSV)`))],
    run.status === "undone" && h("p", {}, `La carte et les décomptes sont ceux d’avant cet import${NNBSP}; les autres imports n’ont pas changé.`));
}

function leave() {
  check = null;
  turn += 1;
  part("check").hidden = true;
}

function listen() {
  const drop = part("drop");
  part("file").addEventListener("change", () => take(part("file").files[0]));
  part("run").addEventListener("click", begin);
  part("leave").addEventListener("click", () => { leave(); part("file").focus(); });
  for (const name of ["dragover", "dragleave", "drop"]) {
    // anywhere on the page: a file that misses the frame must not replace the page
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop") take(/** @type {DragEvent} */ (event).dataTransfer?.files[0]);
    });
  }
}

async function start() {
  listen();
  fill(part("organisation"), (await api.session()).organisation);
  const runs = await api.past();
  past.show(runs);
  document.body.dataset.state = "ready";
  const current = runs.find((run) => !ended(run));
  if (current) await follow(current);
}

start().catch(failed);
