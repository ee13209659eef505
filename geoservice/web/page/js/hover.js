/** The words beside the pointer. */

import { fill, part } from "./dom.js";
import { plural } from "./words.js";

/** @param {import("./map.js").Hovered} found @param {import("./counts.js").Picture | null} picture @param {{x: number, y: number}} at
 * @param {import("./hotspots.js").Hot | null} hot when it is what the map shows */
export function hoverLabel(found, picture, { x, y }, hot) {
  const words = [...found.names, found.cell && picture && cellWords(found.cell, picture), found.cell && hot?.words(found.cell)].filter(Boolean);
  const label = part("hover");
  label.hidden = words.length === 0;
  fill(label, words.join("\n"));
  const { clientWidth, clientHeight } = part("map");
  const left = Math.max(4, Math.min(x + 12, clientWidth - label.offsetWidth - 4));
  const top = y + 16 + label.offsetHeight > clientHeight ? y - 12 - label.offsetHeight : y + 16;
  label.style.transform = `translate(${left}px, ${top}px)`;
}

/** @param {string} cell @param {import("./counts.js").Picture} picture */
function cellWords(cell, { territory, other }) {
  const count = plural(territory.byCell.get(cell) ?? 0, "fait");
  return other ? `${count} ; autre période\u202f: ${other.byCell.get(cell) ?? 0}`.replace(" ;", "\u202f;") : count;
}
