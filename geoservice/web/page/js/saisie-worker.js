/** What makes /saisie open without a network: its own files, kept as they last came. Never an answer with data. */

const CACHE = "saisie-1";
const PAGE = "/saisie";
const FILES = [PAGE, "/static/icon.svg", "/static/vendor/source-sans-3.css", "/static/base.css", "/static/saisie.css",
  ...["saisie", "saisie-fields", "saisie-where", "saisie-store", "saisie-send", "dom", "words"].map((name) => `/static/js/${name}.js`)];
const PATIENCE_MS = 2_500;

const self_ = /** @type {any} */ (globalThis);

self_.addEventListener("install", (/** @type {any} */ event) => {
  self_.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => Promise.all(FILES.map((path) => refresh(cache, path)))));
});

self_.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil((async () => {
  const old = (await caches.keys()).filter((name) => name.startsWith("saisie-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self_.clients.claim();
})()));

self_.addEventListener("fetch", (/** @type {any} */ event) => {
  const { origin, pathname } = new URL(event.request.url);
  const page = event.request.mode === "navigate" && pathname === PAGE;
  if (event.request.method !== "GET" || origin !== location.origin || !(page || pathname.startsWith("/static/"))) return;
  event.respondWith(fresh(event.request, page ? PAGE : pathname));
});

/** What the network says, soon; else what it said last. Signed out the page is still there: what waits must stay in sight.
 * @param {Request} request @param {string} path */
async function fresh(request, path) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(path);
  const asked = fetch(request).then(async (answer) => {
    if (answer.ok && !answer.redirected) await cache.put(path, answer.clone());
    return answer;
  });
  if (!kept) return asked;
  const late = new Promise((resolve) => { setTimeout(() => resolve(null), PATIENCE_MS); });
  const answer = await Promise.race([asked.catch(() => null), late]);
  return answer && answer.ok && !answer.redirected ? answer : kept;
}

/** @param {Cache} cache @param {string} path */
async function refresh(cache, path) {
  const answer = await fetch(path, { cache: "no-cache" });
  if (answer.ok && !answer.redirected) await cache.put(path, answer);
}
