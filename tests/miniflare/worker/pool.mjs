// Bindings cannot be made at run time, so creating a namespace or a database hands one out of a pool declared at start.

/** A pool of {binding, id}. What was given back is emptied when it is handed out again, so that giving back costs nothing. */
export class Pool {
  #free;
  #used = new Map();

  constructor(entries) {
    this.#free = entries.map((entry) => ({ ...entry, dirty: false }));
  }

  /** `empty(entry)` is awaited for an entry that was in use before. Returns null when every entry is in use. */
  async take(record, empty) {
    const entry = this.#free.shift();
    if (entry === undefined) return null;
    // Listed at once: whoever else creates the same name meanwhile must see it as taken.
    const item = { ...record, ...entry, dirty: true };
    this.#used.set(entry.id, item);
    if (entry.dirty) await empty(item);
    return item;
  }

  find(id) {
    return this.#used.get(id);
  }

  release(item) {
    this.#used.delete(item.id);
    this.#free.push({ binding: item.binding, id: item.id, dirty: true });
  }

  items() {
    return [...this.#used.values()];
  }
}

/** One page of `items`, and the counts both list endpoints report. */
export function pageOf(items, page, perPage) {
  const chosen = items.slice((page - 1) * perPage, page * perPage);
  return { chosen, info: { page, per_page: perPage, count: chosen.length, total_count: items.length } };
}
