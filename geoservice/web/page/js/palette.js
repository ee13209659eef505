/** Colours and classes of counts: the twin of geoservice/export/palette.py, and a test compares the two. */

export const RAMP = ["#dbe7f6", "#abbee5", "#7797d4", "#5c6eb2", "#47468e", "#311f6b"];
export const RAMP_OPACITY = 0.85;
export const INK = "#1b2733";
export const PAPER = "#ffffff";
export const ACCENT = "#0b6670";
export const PALE_EDGE = "#5f7fb8"; // around the classes that are too pale to be seen against the ground
export const PALE_CLASSES = 3;
/** Less than before, more than before: the ends of PuOr, beside an arrow. */
export const CHANGE = { less: "#b35806", more: "#542788" };
/** Hot spots by verdict: what fills, what is drawn around; hatches and dots double the colours. */
export const HOT = {
  solide: { fill: "#4b2e83", line: "#2a1650" },
  fragile: { fill: "#b09fd8", line: "#4b2e83" },
  artefact: { fill: "#eef1f3", line: "#5d6973" },
  reste: { fill: "#e3e8ec", line: "#c3ccd6" },
};

export const REST_CLASS = RAMP.length + 1; // of cells that are only ground for hot spots

/** The line around a cell of a class, from 0: white between dark cells, blue around pale ones.
 * @param {number} at */
export const edgeOf = (at) => (at < PALE_CLASSES ? PALE_EDGE : "rgba(255,255,255,0.9)");

/**
 * @typedef {{from: number, to: number, cells: number, colour: string}} CountClass  both bounds included
 */

/**
 * Lower bounds of at most `n` classes for heavy-tailed counts: round, strictly increasing integers.
 * @param {number[]} counts
 * @param {number} [n]
 * @returns {number[]}
 */
export function breaks(counts, n = RAMP.length) {
  const sorted = counts.filter((count) => count > 0).sort((a, b) => a - b);
  const distinct = [...new Set(sorted)];
  if (distinct.length <= n) return distinct;
  const low = Math.max(distinct[0], 1);
  const high = Math.max(quantile(sorted, 0.99), low + 1);
  const wanted = Array.from({ length: n }, (_, step) => low * (high / low) ** (step / n));
  const bounds = [low];
  for (let step = 1; step < n; step += 1) {
    bounds.push(Math.max(round(wanted[step], wanted[step] - wanted[step - 1]), bounds[step - 1] + 1));
  }
  return bounds;
}

/** Linear interpolation between the two nearest ranks.
 * @param {number[]} sorted @param {number} rank 0 to 1 */
function quantile(sorted, rank) {
  const at = rank * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The nearest multiple of the largest 1, 2 or 5 times a power of ten that fits in the gap to the bound before.
 * @param {number} value at least 1 @param {number} gap */
function round(value, gap) {
  const room = Math.max(gap, 1);
  const power = 10 ** Math.floor(Math.log10(room));
  const step = Math.max(...[1, 2, 5].map((figure) => figure * power).filter((one) => one <= room));
  return roundHalfEven(value / step) * step;
}

/** As Python's round(), so that both sides agree on halves.
 * @param {number} value */
function roundHalfEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Classes of counts, the same for the same filters wherever one looks.
 * @param {number[]} counts of all cells of the territory at one resolution
 * @returns {CountClass[]} ascending
 */
export function classes(counts) {
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const starts = breaks(counts).filter((start) => start <= most);
  const all = starts.map((from, index) => ({ from, to: (starts[index + 1] ?? most + 1) - 1, cells: 0, colour: RAMP[index] }));
  for (const count of counts) {
    const one = classOf(all, count);
    if (one) one.cells += 1;
  }
  return all;
}

/** The class that holds a count, or undefined.
 * @param {CountClass[]} all @param {number} count */
export function classOf(all, count) {
  return all.findLast((one) => count >= one.from);
}

/** « 3 à 5 » or « 7 »: both bounds are always said.
 * @param {CountClass} one @param {(n: number) => string} number */
export function bounds(one, number) {
  return one.from === one.to ? number(one.from) : `${number(one.from)} à ${number(one.to)}`;
}
