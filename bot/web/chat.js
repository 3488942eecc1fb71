// The chat: composer, menu, text size, location; ties the view to the transport. The page and the widget have the same.
import { Files } from './files.js';
import { recall, remember, uuid } from './memory.js';
import { Transport } from './transport.js';
import { View } from './view.js';

const LIMIT = 2000;
const STAFF = 'Tôi muốn nói chuyện với cán bộ';
const REFUSED = {
  1: 'Điện thoại chưa cho trang này xem vị trí.',
  2: 'Điện thoại chưa xác định được vị trí.',
  3: 'Tìm vị trí lâu quá nên tôi đã dừng.',
};

// Brings the chat's elements to life.
// root: the page, or the shadow root they are in; base: origin of the server, empty on its own page;
// heard(): a message has come. Gives {view, focus()}.
export function chat(root, base, heard) {
  const $ = (id) => root.getElementById(id);
  const box = $('text');

  // ---- notes under the conversation ------------------------------------------------------------------------------

  let toastTimer;

  function toast(text, label, act) {
    const [span, button] = $('toast').children;
    span.textContent = text;
    button.hidden = !label;
    button.textContent = label || '';
    button.onclick = () => {
      hideToast();
      act();
    };
    $('toast').hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(hideToast, label ? 12000 : 7000);
  }

  function hideToast() {
    $('toast').hidden = true;
  }

  let netTimer;

  function net(ok) {
    clearTimeout(netTimer);
    if (ok) $('net').hidden = true;
    else netTimer = setTimeout(() => {
      $('net').textContent = navigator.onLine === false
        ? 'Điện thoại đang mất mạng. Tin của anh/chị sẽ được gửi khi có mạng lại.'
        : 'Chưa kết nối được, đang thử lại…';
      $('net').hidden = false;
    }, 1500);
  }

  // ---- conversation ----------------------------------------------------------------------------------------------

  const view = new View(root, {
    press: (button) => say({ button: button.id }, button.title),
    retry: (id) => (files.has(id) ? files : line).again(id),
    withdraw(id) {
      const file = files.has(id);
      const done = (file ? files : line).withdraw(id);
      if (done && file) view.remove(id);
      toast(done ? 'Đã bỏ, không gửi nữa.' : 'Đang gửi dở nên không bỏ được.');
      box.focus();
    },
  }, base || location.origin);

  // "Xoá màn hình" hides what came up to an answer, also after a reload; it deletes nothing on the server.
  function visible(list) {
    const upTo = recall('cleared', 0);
    let from = 0;
    list.forEach((m, i) => { if (m.from !== 'citizen' && m.id <= upTo) from = i + 1; });
    return list.slice(from);
  }

  const own = (m) => m.text || '📍 Vị trí của tôi';

  function waiting() {
    line.queue.forEach((item) => {
      view.remove(item.id); // it stands below what came before
      view.citizen(item.id, item.shown, item.at, true);
      view.state(item.id, item.failed ? 'failed' : 'waiting', item.failed ? item.why : '');
    });
  }

  const line = new Transport({
    history(list) {
      const shown = visible(list);
      if (!shown.length && !line.queue.length) return;
      view.quietly(() => {
        shown.forEach((m, i) => {
          const next = shown[i + 1];
          if (m.from === 'citizen') view.citizen(m.id, own(m), m.at, true);
          else view.answer(m, next && next.from === 'citizen' ? next.text : '');
        });
        waiting();
      });
    },
    message(m) {
      if (m.from === 'citizen') view.citizen(m.id, own(m), m.at);
      else {
        view.answer(m);
        view.follow();
        heard();
      }
    },
    state: (id, state, why) => view.state(id, state, why),
    busy: (ms) => view.typing(ms),
    person: (here) => view.person(here),
    banner: (text) => view.banner(text),
    waiting: () => view.quietly(waiting),
    gone: (id) => view.remove(id),
    fresh() {
      remember('cleared', 0);
      view.note('Phiên trước đã hết hạn, đây là phiên mới');
    },
    net,
  }, base);

  function say(body, shown) {
    const id = uuid();
    if (line.full) {
      toast('Nhiều tin đang chờ gửi quá. Anh/chị chờ có mạng rồi viết tiếp.');
      return false;
    }
    hideToast();
    view.citizen(id, shown, Date.now());
    line.push(id, body, shown);
    return true;
  }

  const files = new Files({
    show(id, text) {
      hideToast();
      line.seen.add('c' + id); // it comes back with the history
      view.citizen(id, text, Date.now());
    },
    state: (id, state, why) => view.state(id, state, why),
    sent: (id) => line.delivered(id),
  }, base);

  // ---- composer --------------------------------------------------------------------------------------------------

  const length = () => Array.from(box.value.trim()).length;

  function resize() {
    box.style.height = 'auto';
    box.style.height = box.scrollHeight + 2 + 'px';
    const n = length();
    $('count').hidden = n < LIMIT * 0.8;
    $('count').textContent = n > LIMIT ? `Quá ${n - LIMIT} ký tự` : `${n}/${LIMIT}`;
    $('composer').classList.toggle('over', n > LIMIT);
    $('composer').classList.toggle('full', n > 0);
    box.setAttribute('aria-invalid', String(n > LIMIT));
    if (view.stuck) view.bottom();
  }

  function submit(event) {
    if (event) event.preventDefault();
    const text = box.value.trim().normalize('NFC');
    if (!text) {
      box.focus();
      return;
    }
    if (length() > LIMIT) {
      toast(`Mỗi tin tối đa ${LIMIT} ký tự. Anh/chị viết ngắn lại hoặc chia làm nhiều tin.`);
      return;
    }
    if (!say({ text }, text)) return;
    box.value = '';
    draft();
    resize();
    box.focus();
  }

  function draft() {
    try {
      sessionStorage.setItem('motcua.draft', box.value);
    } catch (e) { /* private mode */ }
  }

  box.addEventListener('input', () => {
    resize();
    draft();
  });
  box.addEventListener('keydown', (event) => {
    // isComposing, 229: the keyboard is still putting a Vietnamese syllable together.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) submit(event);
  });
  $('composer').addEventListener('submit', submit);
  $('send').addEventListener('mousedown', (event) => event.preventDefault()); // keeps the phone's keyboard open
  root.querySelectorAll('[data-say]').forEach((chip) => {
    chip.addEventListener('click', () => {
      say({ text: chip.dataset.say }, chip.dataset.say);
      if (matchMedia('(hover: hover)').matches) box.focus();
    });
  });

  // ---- photos and PDFs -------------------------------------------------------------------------------------------

  $('attach').addEventListener('click', () => $('files').click());
  $('files').addEventListener('change', () => {
    files.add(Array.from($('files').files), uuid);
    $('files').value = '';
  });

  // ---- location --------------------------------------------------------------------------------------------------

  function noLocation(why) {
    $('locate').removeAttribute('aria-busy');
    toast(why + ' Anh/chị viết tên xã, phường giúp tôi nhé.');
    box.focus();
  }

  $('locate').addEventListener('click', () => {
    if ($('locate').getAttribute('aria-busy')) return;
    if (!window.isSecureContext || !navigator.geolocation) {
      noLocation('Trình duyệt này không cho trang xem vị trí.');
      return;
    }
    $('locate').setAttribute('aria-busy', 'true');
    toast('Đang tìm vị trí. Vị trí chỉ dùng để biết xã, phường của anh/chị.');
    navigator.geolocation.getCurrentPosition((found) => {
      $('locate').removeAttribute('aria-busy');
      // About ten metres: enough to tell a commune, no more than that.
      const near = (x) => Math.round(x * 1e4) / 1e4;
      const { latitude, longitude } = found.coords;
      say({ location: { lat: near(latitude), lon: near(longitude) } }, '📍 Vị trí của tôi');
    }, (error) => noLocation(REFUSED[error.code] || REFUSED[2]), { timeout: 15000, maximumAge: 300000 });
  });

  // ---- large text and menu ---------------------------------------------------------------------------------------

  function large(on) {
    $('app').classList.toggle('large', on);
    $('large').setAttribute('aria-pressed', String(on));
    $('menu-large').setAttribute('aria-checked', String(on));
    remember('large', on);
    resize();
  }

  const items = Array.from($('menu').querySelectorAll('button'));

  function menu(open, back) {
    $('menu').hidden = !open;
    $('menu-open').setAttribute('aria-expanded', String(open));
    if (open) items[0].focus();
    else if (back) $('menu-open').focus();
  }

  $('large').addEventListener('click', () => large($('large').getAttribute('aria-pressed') !== 'true'));
  $('menu-open').addEventListener('click', () => menu($('menu').hidden, true));
  $('menu').addEventListener('keydown', (event) => {
    const at = items.indexOf(root.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items[to % items.length].focus();
    } else if (event.key === 'Escape') {
      event.preventDefault(); // the widget stays open
      menu(false, true);
    } else if (event.key === 'Tab') menu(false);
  });
  document.addEventListener('click', (event) => {
    // From inside a shadow root only the path tells where it was.
    if (!event.composedPath().includes($('menu').parentNode)) menu(false);
  });
  $('menu-staff').addEventListener('click', () => {
    menu(false, true);
    say({ text: STAFF }, STAFF);
  });
  $('menu-large').addEventListener('click', () => {
    large($('menu-large').getAttribute('aria-checked') !== 'true');
    menu(false, true);
  });
  $('menu-clear').addEventListener('click', () => {
    menu(false, true);
    const before = recall('cleared', 0);
    const back = view.clear();
    remember('cleared', line.last);
    toast('Đã xoá trên màn hình này. Phiếu đã gửi vẫn còn.', 'Hoàn tác', () => {
      remember('cleared', before);
      back();
    });
  });

  // ---- start -----------------------------------------------------------------------------------------------------

  // The keyboard of an iPhone covers the page and does not shrink it.
  const seen = window.visualViewport;
  if (seen) {
    const fit = () => {
      const covered = innerHeight - seen.height > 80 && seen.scale === 1;
      $('app').style.height = covered ? seen.height + 'px' : '';
      if (covered && !base) scrollTo(0, 0);
      if (view.stuck) view.bottom();
    };
    seen.addEventListener('resize', fit);
  }

  try {
    box.value = sessionStorage.getItem('motcua.draft') || '';
  } catch (e) { /* private mode */ }
  large(recall('large', false) === true);
  line.start();
  // Where there is a keyboard; on a phone it would come up and cover half of the screen.
  const focus = () => matchMedia('(hover: hover) and (pointer: fine)').matches && box.focus();
  return { view, focus };
}
