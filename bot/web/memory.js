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

// crypto.randomUUID is missing on phones older than 2022 and on plain http.
export function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  return Array.from(b, (x, i) => ([4, 6, 8, 10].includes(i) ? '-' : '') + (x + 256).toString(16).slice(1)).join('');
}
