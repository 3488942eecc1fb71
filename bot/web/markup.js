// Text of a message -> DOM nodes. Only newlines and **bold** are markup; addresses and phone numbers become links.
// Content never passes through an HTML parser. `home`: origin of the chat.

export function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// An https address or one of this site, or a Vietnamese phone number: (0296) 3 123 456, 0912.345.678, +84 912 345 678, 1900 1234.
const LINK = /https?:\/\/[^\s<>"*]+|(?:\(0\d{2,3}\)|\+84|0\d{2,3}|1[89]00)(?:[ .-]?\d){4,8}/g;

function phone(found, before, after) {
  const digits = found.replace(/\D/g, '');
  // Codes, amounts and identity numbers are longer or glued to other signs.
  if (/[\d\w/.,-]$/.test(before) || /^(?:\d|[/-]?\w|[.,]\d)/.test(after)) return '';
  if (/^1[89]00/.test(digits)) return digits.length === 8 || digits.length === 10 ? digits : '';
  if (/^84/.test(digits) && found[0] === '+') return digits.length === 11 || digits.length === 12 ? '+' + digits : '';
  return /^0[2-9]/.test(digits) && (digits.length === 10 || digits.length === 11) ? digits : '';
}

function linked(text, into, home) {
  let at = 0;
  LINK.lastIndex = 0;
  for (let hit = LINK.exec(text); hit; hit = LINK.exec(text)) {
    let found = hit[0];
    let href;
    if (found.startsWith('http')) {
      found = found.replace(/[.,;:!?)\]'…”"]+$/, '');
      href = found.length > 9 && (found[4] === 's' || found.startsWith(home + '/')) ? found : '';
    } else {
      const number = phone(found, text.slice(0, hit.index), text.slice(hit.index + found.length));
      href = number && 'tel:' + number;
    }
    if (!href) continue;
    into.append(text.slice(at, hit.index));
    const a = el('a', '', found);
    a.href = href;
    if (href[0] === 'h') {
      a.target = '_blank';
      a.rel = 'noopener noreferrer';
    }
    into.append(a);
    at = hit.index + found.length;
  }
  into.append(text.slice(at));
}

function line(text, into, home) {
  text.split(/\*\*(.+?)\*\*/).forEach((part, i) => {
    if (!part) return;
    if (i % 2) {
      const b = el('strong');
      linked(part, b, home);
      into.append(b);
    } else linked(part, into, home);
  });
}

export function rich(text, into, home) {
  let gap = false;
  String(text).split(/\r?\n/).forEach((raw) => {
    if (!raw.trim()) {
      gap = true;
      return;
    }
    const p = el('p', gap ? 'gap' : '');
    gap = false;
    // The last line of an answer names its source: it should not shout.
    if (/^\s*(?:\*\*)?Nguồn(?:\*\*)?:/.test(raw)) p.classList.add('source');
    const item = /^\s*([-•+–]|\d{1,2}[.)])\s+/.exec(raw);
    if (item) {
      p.classList.add('item');
      if (item[1].length > 1) p.classList.add('number');
      p.append(el('i', '', (item[1] === '-' ? '•' : item[1]) + ' '));
    }
    line(item ? raw.slice(item[0].length) : raw, p, home);
    into.append(p);
  });
  return into;
}

export function plain(text, into) {
  String(text).split(/\r?\n/).forEach((raw) => into.append(el('p', '', raw)));
  return into;
}
