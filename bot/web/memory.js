// What this browser remembers. Storage may be full, blocked or absent (private mode): then nothing is remembered.

export function recall(key, otherwise) {
  try {
    const value = JSON.parse(localStorage.getItem('motcua.' + key));
    return value === null ? otherwise : value;
  } catch (e) {
    return otherwise;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem('motcua.' + key, JSON.stringify(value));
  } catch (e) { /* nothing to do: the page works without */ }
}

// Things with an id and a time, each under a key of its own: two tabs do not overwrite each other's.
export class Kept {
  // gone(id): another tab has taken one out.
  constructor(name, gone) {
    this.name = name + '.';
    const prefix = 'motcua.' + this.name;
    addEventListener('storage', (event) => {
      if (event.key && event.key.startsWith(prefix) && event.newValue === null) gone(event.key.slice(prefix.length));
    });
  }

  all() {
    try {
      const prefix = 'motcua.' + this.name;
      const names = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
      return names.map((key) => recall(key.slice(7), null)).filter((i) => i && i.id && i.body).sort((a, b) => a.at - b.at);
    } catch (e) {
      return [];
    }
  }

  put(item) {
    remember(this.name + item.id, item);
  }

  drop(id) {
    try {
      localStorage.removeItem('motcua.' + this.name + id);
    } catch (e) { /* private mode */ }
  }
}

// crypto.randomUUID is missing on phones older than 2022 and on plain http.
export function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  return Array.from(b, (x, i) => ([4, 6, 8, 10].includes(i) ? '-' : '') + (x + 256).toString(16).slice(1)).join('');
}
