/** What this device keeps of entries: those that wait, those of today, and the lists to choose from. */

/**
 * One request that waits: `path` and `body` are sent as they are, `id` makes sending them twice harmless;
 * `done`, `failed`: what the entry then is.
 * @typedef {{number?: number, id: string, path: string, body: any, organisation: string, done: State, failed: State,
 *   tried?: boolean}} Waiting
 * @typedef {{id: string, day: string, time: string, what: string, where: string, organisation: string,
 *   state: State, why?: string}} Entry
 * @typedef {"waiting" | "sent" | "undoing" | "undone" | "merging" | "merged" | "refused"} State
 */

const NAME = "geoservice-saisie";
/** @type {Promise<IDBDatabase> | null} */ let opened = null;

/** @returns {Promise<IDBDatabase>} */
function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("waiting", { keyPath: "number", autoIncrement: true });
      asked.result.createObjectStore("entries", { keyPath: "id" });
      asked.result.createObjectStore("kept");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** Do something in one transaction; on the disk when the promise is kept.
 * @param {string[]} stores @param {(transaction: IDBTransaction) => IDBRequest | void} act @returns {Promise<any>} */
async function within(stores, act) {
  const transaction = (await database()).transaction(stores, "readwrite", { durability: "strict" });
  const request = act(transaction);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** Keep an entry and the request that sends it, both or neither. @param {Entry} entry @param {Waiting} request */
export const keep = (entry, request) => within(["entries", "waiting"], (transaction) => {
  transaction.objectStore("entries").put(entry);
  transaction.objectStore("waiting").add(request);
});

/** The request is answered: it no longer waits. @param {Entry} entry @param {Waiting} request */
export const settle = (entry, request) => within(["entries", "waiting"], (transaction) => {
  transaction.objectStore("entries").put(entry);
  transaction.objectStore("waiting").delete(/** @type {number} */ (request.number));
});

/** The request may have arrived, whatever comes back: from here on only its answer ends it. @param {Waiting} request */
export const tried = (request) => within(["waiting"], (transaction) => { transaction.objectStore("waiting").put({ ...request, tried: true }); });

/** @returns {Promise<Waiting[]>} in the order they came */
export const waiting = () => within(["waiting"], (transaction) => transaction.objectStore("waiting").getAll());
/** @returns {Promise<Entry[]>} */
export const entries = () => within(["entries"], (transaction) => transaction.objectStore("entries").getAll());
/** @param {string} id @returns {Promise<Entry | undefined>} */
export const entry = (id) => within(["entries"], (transaction) => transaction.objectStore("entries").get(id));
/** @param {string} name @returns {Promise<any>} */
export const kept = (name) => within(["kept"], (transaction) => transaction.objectStore("kept").get(name));
/** @param {string} name @param {any} value */
export const remember = (name, value) => within(["kept"], (transaction) => { transaction.objectStore("kept").put(value, name); });

/** Forget entries of other days that wait for nothing. @param {string} today */
export async function tidy(today) {
  const [all, waits] = [await entries(), new Set((await waiting()).map((one) => one.id))];
  const old = all.filter((one) => one.day !== today && !waits.has(one.id));
  await within(["entries"], (transaction) => { for (const one of old) transaction.objectStore("entries").delete(one.id); });
}
