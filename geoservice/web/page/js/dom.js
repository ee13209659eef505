/** The only way this page makes elements: text is always text, so data can never become markup. */

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 */

/**
 * Make an element. `on…` attributes are listeners, `true` is an empty attribute, `false`/`null` none.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {any} the element; `any` because the caller knows the tag it asked for
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter(isShown).map(asNode));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a drawing: attributes of SVG say position and colour, so no inline style is needed.
 * @param {string} tag @param {Record<string, any>} [attributes] @param {...(Child | Child[])} children @returns {any} */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter(isShown).map(asNode));
  return element;
}

/** @param {Child} child @returns {child is Node | string | number} */
function isShown(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/** @param {Node | string | number} child */
function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/**
 * Replace the content of an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter(isShown).map(asNode));
}

/**
 * The element of index.html with this id; a missing one is a mistake of ours, said at once.
 * @param {string} id
 * @returns {any}
 */
export function part(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/** A square of colour beside a word; colours are set through the DOM because the CSP forbids inline styles.
 * @param {string} colour @param {string} [shape] */
export function swatch(colour, shape = "square") {
  const mark = h("span", { class: `swatch swatch-${shape}`, "aria-hidden": "true" });
  mark.style.setProperty("--swatch", colour);
  return mark;
}

/**
 * Act at once, then at most once in a while with the latest call: a drag that follows the hand without flooding the server.
 * @template {any[]} A
 * @param {(...args: A) => void} action @param {number} every_ms
 * @returns {(...args: A) => void}
 */
export function paced(action, every_ms) {
  let timer = 0;
  /** @type {A | null} */ let waiting = null;
  const next = () => {
    timer = waiting ? window.setTimeout(next, every_ms) : 0;
    if (waiting) action(...waiting);
    waiting = null;
  };
  return (...args) => {
    waiting = args;
    if (!timer) next();
  };
}

/**
 * Wait until calls stop for a moment, then do the last one.
 * @template {any[]} A
 * @param {(...args: A) => void} action
 * @param {number} delay_ms
 * @returns {(...args: A) => void}
 */
export function settled(action, delay_ms) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => action(...args), delay_ms);
  };
}
