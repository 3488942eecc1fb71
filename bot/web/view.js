// What is on the screen: messages, days, chips, the typing sign, and a scroll position that belongs to the reader.
import { el, plain, rich } from './markup.js';

const NAMES = { citizen: 'Anh/chị', bot: 'Trợ lý', staff: 'Cán bộ', notice: 'Thông báo' };
const MARKS = { pending: 'Đang gửi…', sent: '✓ Đã gửi', waiting: 'Đang chờ gửi.', later: 'Chưa gửi được.', failed: 'Không gửi được.' };
const AGAIN = { later: 'Gửi ngay', failed: 'Gửi lại' };
const two = (n) => (n < 10 ? '0' : '') + n;

function dayName(date) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return 'Hôm nay';
  if (days === 1) return 'Hôm qua';
  const week = ['Chủ nhật', 'Thứ Hai', 'Thứ Ba', 'Thứ Tư', 'Thứ Năm', 'Thứ Sáu', 'Thứ Bảy'][date.getDay()];
  return `${week}, ${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()}`;
}

export class View {
  // root: the page, or the shadow root of the widget; on: {press(button), retry(id), withdraw(id)};
  // home: origin of the chat.
  constructor(root, on, home) {
    const $ = (id) => root.getElementById(id);
    this.$ = $;
    this.on = on;
    this.home = home;
    this.scroll = $('scroll');
    this.log = $('log');
    this.own = new Map();
    this.stuck = true;
    this.first = null;
    this.day = '';
    this.scroll.addEventListener('scroll', () => this.scrolled(), { passive: true });
    addEventListener('resize', () => this.stuck && this.bottom());
    $('newer').addEventListener('click', () => {
      this.bottom();
      this.scroll.focus();
    });
  }

  // ---- scrolling -----------------------------------------------------------------------------------------------

  scrolled() {
    const s = this.scroll;
    this.stuck = s.scrollHeight - s.scrollTop - s.clientHeight < 60;
    if (this.stuck) this.$('newer').hidden = true;
  }

  bottom() {
    if (!this.$('empty').hidden) return;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.stuck = true;
    this.$('newer').hidden = true;
  }

  // Follows new text only for a reader who is at the end, and never past the beginning of the answer.
  follow() {
    const s = this.scroll;
    if (!this.stuck) {
      this.offer('Tin mới ↓');
      return;
    }
    const end = s.scrollHeight - s.clientHeight;
    const top = this.first ? this.head(this.first).offsetTop - 14 : end;
    s.scrollTop = Math.min(end, top);
    if (end > top + 60) {
      this.stuck = false;
      this.offer('Xem tiếp ↓');
    }
  }

  offer(label) {
    if (!this.$('newer').hidden) return; // "Xem tiếp" stays while one answer comes in several messages
    this.$('newer').textContent = label;
    this.$('newer').hidden = false;
  }

  // A short question stays in sight above its answer.
  head(row) {
    const question = row.previousElementSibling;
    return question && question.offsetHeight < this.scroll.clientHeight * 0.3 ? question : row;
  }

  // ---- messages ------------------------------------------------------------------------------------------------

  // Announcements are held back while a whole history is put in.
  quietly(work) {
    this.log.setAttribute('aria-live', 'off');
    work();
    this.first = null;
    this.bottom();
    setTimeout(() => this.log.setAttribute('aria-live', 'polite'), 500);
  }

  message(from, text, at) {
    const date = at ? new Date(at) : new Date();
    const valid = isNaN(date) ? new Date() : date;
    const day = dayName(valid);
    if (day !== this.day) {
      this.day = day;
      this.log.append(el('div', 'day', day));
    }
    const row = el('article', 'row ' + from);
    const bubble = el('div', 'bubble');
    bubble.append(el('span', from === 'staff' ? 'name' : 'vh', NAMES[from] + (from === 'staff' ? '' : ': ')));
    (from === 'citizen' ? plain : rich)(text, bubble, this.home);
    const meta = el('div', 'meta');
    const time = el('time', '', two(valid.getHours()) + ':' + two(valid.getMinutes()));
    time.dateTime = valid.toISOString();
    meta.append(time);
    row.append(bubble, meta);
    // One time for a run of messages of the same minute.
    const before = this.log.lastElementChild;
    if (before && before.className === row.className && !before.querySelector('.chips')
        && before.querySelector('time').textContent === time.textContent) before.classList.add('run');
    this.log.append(row);
    this.$('empty').hidden = true;
    return row;
  }

  citizen(id, text, at, shownOnly) {
    if (this.own.has(id)) return;
    const row = this.message('citizen', text, at);
    row.querySelector('.meta').append(el('span', 'mark'));
    this.own.set(id, row);
    if (shownOnly) return;
    this.first = null;
    this.bottom();
  }

  answer(m, usedTitles) {
    const from = m.from === 'staff' || m.from === 'notice' ? m.from : 'bot';
    const row = this.message(from, m.text || '', m.at);
    const buttons = m.buttons || [];
    if (buttons.length) {
      const chips = el('div', 'chips');
      chips.setAttribute('role', 'group');
      chips.setAttribute('aria-label', 'Lựa chọn');
      buttons.forEach((b) => {
        const chip = el('button', 'chip', b.title);
        chip.type = 'button';
        chip.addEventListener('click', () => {
          if (chip.getAttribute('aria-disabled')) return;
          this.used(chips, b.title);
          this.on.press(b);
        });
        chips.append(chip);
      });
      row.insertBefore(chips, row.lastElementChild);
      if (usedTitles && buttons.some((b) => b.title === usedTitles)) this.used(chips, usedTitles);
    }
    if (!this.first) this.first = row;
  }

  // aria-disabled and not disabled: a keyboard user keeps the place on the page.
  used(chips, title) {
    let marked = false;
    Array.from(chips.children).forEach((chip) => {
      chip.setAttribute('aria-disabled', 'true');
      if (!marked && chip.textContent === title) {
        marked = true;
        chip.classList.add('chosen');
      }
    });
  }

  state(id, state, why) {
    const row = this.own.get(id);
    if (!row) return;
    const mark = row.querySelector('.mark');
    row.dataset.state = state;
    mark.textContent = why || MARKS[state];
    row.querySelectorAll('.meta button').forEach((button) => button.remove());
    if (state === 'pending' || state === 'sent') return;
    if (AGAIN[state]) this.option(row, AGAIN[state], () => this.on.retry(id));
    this.option(row, 'Bỏ tin này', () => this.on.withdraw(id));
    if (this.stuck) this.bottom();
  }

  option(row, text, act) {
    const button = el('button', 'again', text);
    button.type = 'button';
    button.addEventListener('click', act);
    row.querySelector('.meta').append(button);
  }

  remove(id) {
    if (!this.own.has(id)) return;
    this.own.get(id).remove();
    this.own.delete(id);
    if (this.log.querySelector('.row')) return;
    this.log.textContent = '';
    this.day = '';
    this.$('empty').hidden = false;
  }

  note(text) {
    this.log.append(el('div', 'day', text));
  }

  // Who answers: said at the top all the time, and read out when it changes.
  person(here) {
    this.$('app').classList.toggle('person', here);
    const said = here ? 'Cán bộ đang trả lời anh/chị' : 'Trợ lý tự động (máy trả lời)';
    if (this.$('who').textContent !== said) this.$('who').textContent = said;
  }

  // What the operator says to everybody; text only, nothing: no strip.
  banner(text) {
    const strip = this.$('banner');
    strip.hidden = !text;
    if (strip.textContent !== (text || '')) strip.textContent = text || '';
  }

  // ms: how long the oldest question waits; below 0: none does.
  typing(ms) {
    const box = this.$('typing');
    const shown = !box.hidden;
    box.hidden = ms < 0;
    const text = ms < 0 ? '' : ms > 12000 ? 'Tôi vẫn đang tìm, anh/chị chờ thêm chút.' : 'Trợ lý đang trả lời…';
    if (this.$('typing-text').textContent !== text) this.$('typing-text').textContent = text;
    if (ms >= 0 && !shown && this.stuck) this.bottom();
  }

  // Takes everything off the screen; the function it returns puts it back.
  clear() {
    const kept = Array.from(this.log.childNodes);
    const day = this.day;
    kept.forEach((node) => node.remove());
    this.day = '';
    this.first = null;
    this.$('empty').hidden = false;
    this.$('newer').hidden = true;
    this.scroll.scrollTop = 0;
    return () => {
      this.log.prepend(...kept);
      this.day = this.day || day;
      this.$('empty').hidden = true;
      this.bottom();
    };
  }
}
