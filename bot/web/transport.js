// How messages travel. Up: POST one at a time, in order, each under an id of our own, again and again until the
// server has it (it takes one id once); what waits survives a reload and can be taken back. Down: server-sent events, resumed after the last id seen; when those keep
// failing (a proxy that holds them back), asking for the history every few seconds.
import { Kept } from './memory.js';

const DAY = 864e5;
const MOST = 50;

function wait(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function backoff(tries, most) {
  return Math.min(most, 1000 * 2 ** Math.min(tries, 9)) * (0.7 + Math.random() * 0.6);
}

export class Transport {
  // on: {message(m), history(list), state(id, state, why), net(ok), busy(ms), fresh(), person(here), banner(text),
  // waiting(), gone(id)}; base: origin of the server, empty on its own page.
  constructor(on, base) {
    this.on = on;
    this.base = base;
    this.last = 0;
    this.seen = new Set();
    this.waiting = new Map();
    this.answered = new Set();
    this.kept = new Kept('queue', (id) => this.out(id));
    this.queue = this.kept.all();
    this.mark = '';
    this.ready = false;
    this.person = false;
    this.sending = '';
    this.head = '';
    this.tries = 0;
    this.streamFails = 0;
    this.polling = false;
    this.polledAt = 0;
    this.renewals = [];
  }

  async call(method, path, body) {
    const stop = window.AbortController ? new AbortController() : null;
    const timer = setTimeout(() => stop && stop.abort(), 15000);
    try {
      const r = await fetch(this.base + path, {
        method,
        credentials: 'include',
        cache: 'no-store',
        headers: body ? { 'Content-Type': 'application/json' } : {},
        body: body ? JSON.stringify(body) : undefined,
        signal: stop ? stop.signal : undefined,
      });
      const data = await r.json().catch(() => ({}));
      return { status: r.status, data: data || {}, after: +r.headers.get('Retry-After') || 0 };
    } catch (e) {
      return { status: 0, data: {}, after: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  // ---- session -------------------------------------------------------------------------------------------------

  async start() {
    addEventListener('online', () => this.wake());
    addEventListener('offline', () => this.on.net(false));
    document.addEventListener('visibilitychange', () => this.visibility());
    for (let tries = 0; !(await this.session()); tries++) {
      this.on.net(false);
      if (!tries) this.on.waiting();
      await wait(backoff(tries, 15000));
    }
    this.open();
    setInterval(() => this.watch(), 2000);
    this.pump();
  }

  async session() {
    const r = await this.call('POST', '/api/session', {});
    if (r.status !== 200) return false;
    this.on.net(true);
    this.last = r.data.last || 0;
    this.on.banner(r.data.banner);
    this.belong(r.data.session || '');
    this.handed(r.data.person === true);
    const list = this.take(r.data.history || []);
    this.on.history(list);
    const tail = list[list.length - 1];
    if (tail && tail.from === 'citizen' && !this.person && Date.now() - Date.parse(tail.at) < 60000) this.waiting.set(tail.id, Date.now());
    this.ready = true;
    this.busy();
    return true;
  }

  // What was written in another session goes out in this one only when the citizen says so; what is on the screen when
  // a session runs out goes on in the next.
  belong(mark) {
    this.mark = mark;
    this.queue.forEach((item) => {
      if (!this.ready && item.mark && item.mark !== mark) {
        item.failed = true;
        item.why = 'Viết ở phiên trước, chưa gửi.';
      }
      item.mark = mark;
      this.kept.put(item);
    });
  }

  // A 401: the cookie is gone or too old. Once or twice is normal, again and again means that cookies are blocked.
  async renew() {
    const now = Date.now();
    this.renewals = this.renewals.filter((t) => now - t < 60000);
    if (this.renewals.length >= 3) return false;
    this.renewals.push(now);
    this.close();
    this.seen.clear();
    this.waiting.clear();
    const ok = await this.session();
    if (ok) {
      this.on.fresh();
      this.open();
    }
    return ok;
  }

  // ---- up ------------------------------------------------------------------------------------------------------

  get full() {
    return this.queue.length >= MOST;
  }

  push(id, body, shown) {
    const tail = this.queue[this.queue.length - 1];
    // Later than the one before: the order survives a reload.
    const item = { id, body, shown, mark: this.mark, at: Math.max(Date.now(), tail ? tail.at + 1 : 0) };
    this.queue.push(item);
    this.kept.put(item);
    this.seen.add('c' + id);
    this.on.state(id, this.tries ? 'waiting' : 'pending');
    this.pump();
  }

  drop(id) {
    this.queue = this.queue.filter((i) => i.id !== id);
    this.kept.drop(id);
  }

  // Takes a message back before it is sent. If it did arrive and only its receipt was lost, the history shows it again.
  withdraw(id) {
    if (this.sending === id) return false;
    this.out(id);
    this.kept.drop(id);
    return true;
  }

  out(id) {
    if (this.sending === id || !this.queue.some((i) => i.id === id)) return;
    this.queue = this.queue.filter((i) => i.id !== id);
    this.seen.delete('c' + id);
    this.on.gone(id);
    if (this.ready) this.wake();
    this.poll();
  }

  again(id) {
    const item = this.queue.find((i) => i.id === id);
    if (!item) return;
    item.failed = false;
    item.at = Date.now();
    this.kept.put(item);
    this.on.state(id, 'pending');
    this.wake();
  }

  wake() {
    this.tries = 0;
    clearTimeout(this.timer);
    this.pump();
    if (this.ready && !this.source && !this.polling) this.open();
  }

  async pump() {
    if (this.sending || !this.ready) return;
    const old = Date.now() - DAY;
    this.queue.forEach((i) => {
      if (!i.failed && i.at < old) this.fail(i, 'Chưa gửi được từ hôm trước.');
    });
    const item = this.queue.find((i) => !i.failed);
    if (!item) return;
    this.sending = item.id;
    if (this.head !== item.id) this.on.state(item.id, 'pending');
    this.head = item.id;
    const r = await this.call('POST', '/api/messages', { id: item.id, ...item.body });
    this.sending = '';
    if (!this.queue.includes(item)) return this.pump(); // its answer overtook the receipt
    if (r.status >= 200 && r.status < 300) {
      this.tries = 0;
      this.drop(item.id);
      this.delivered(item.id);
      return this.pump();
    }
    if (r.status === 401) {
      if (await this.renew()) return this.pump();
      return this.later(item, r, 'Trình duyệt đang chặn cookie nên chưa giữ được phiên. Anh/chị cho phép cookie rồi tải lại trang.');
    }
    const said = r.data.error && r.data.error.message;
    if (r.status === 429) return this.later(item, r, 'Anh/chị nhắn hơi nhanh, tin sẽ tự gửi sau ít giây.');
    if (r.status >= 500 || r.status === 408) return this.later(item, r, 'Hệ thống đang bận, tin sẽ tự gửi lại.');
    if (r.status === 0) {
      this.on.net(false);
      return this.later(item, r, navigator.onLine === false ? 'Chờ có mạng sẽ tự gửi.' : 'Mạng yếu, đang gửi lại…');
    }
    this.fail(item, said || 'Tin này không gửi được.');
    return this.pump();
  }

  later(item, r, why) {
    this.on.state(item.id, 'later', why);
    this.queue.forEach((i) => { if (i !== item && !i.failed) this.on.state(i.id, 'waiting'); });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), Math.max(r.after * 1000, backoff(this.tries++, 30000)));
  }

  fail(item, why) {
    item.failed = true;
    item.why = why;
    this.kept.put(item);
    this.on.state(item.id, 'failed', why);
  }

  delivered(id) {
    this.on.net(true);
    // A person who has the conversation reads first and writes later: nothing pretends to be typing.
    if (!this.answered.has(id) && !this.person) this.waiting.set(id, Date.now());
    this.on.state(id, 'sent');
    this.busy();
  }

  // A person has the conversation now, or the machine has it again.
  handed(person) {
    this.person = person;
    if (person) this.waiting.clear();
    this.on.person(person);
    this.busy();
  }

  busy() {
    this.on.busy(this.waiting.size ? Date.now() - Math.min(...this.waiting.values()) : -1);
  }

  // ---- down ----------------------------------------------------------------------------------------------------

  open() {
    this.close();
    if (!window.EventSource) {
      this.polling = true;
      return;
    }
    const source = new EventSource(this.base + '/api/stream?after=' + this.last, { withCredentials: true });
    this.proven = false;
    this.polledAt = Date.now();
    this.source = source;
    source.onopen = () => {
      this.on.net(true);
      if (this.streamFails) this.poll(); // the banner may be another by now
      // Opening alone proves little: some proxies accept the stream and pass nothing on.
      this.steady = setTimeout(() => { this.streamFails = 0; this.polling = false; }, 20000);
    };
    source.addEventListener('message', (event) => {
      let m;
      try {
        m = JSON.parse(event.data);
      } catch (e) {
        return;
      }
      this.streamFails = 0;
      this.polling = false;
      this.proven = true;
      this.take([m]).forEach((x) => this.on.message(x));
    });
    source.addEventListener('banner', (event) => this.on.banner(JSON.parse(event.data).text));
    source.onerror = () => {
      clearTimeout(this.steady);
      if (this.source !== source) return;
      this.streamFails++;
      if (this.streamFails > 1) this.on.net(false);
      if (source.readyState === 2 || this.streamFails > 3) {
        this.close();
        if (this.streamFails > 3) this.polling = true;
        this.poll(); // tells a lost session (401) from a lost line
        this.reopen = setTimeout(() => this.open(), this.polling ? 60000 : backoff(this.streamFails, 15000));
      }
    };
  }

  close() {
    clearTimeout(this.reopen);
    clearTimeout(this.steady);
    if (this.source) this.source.close();
    this.source = null;
  }

  async poll() {
    if (!this.ready || this.asking) return;
    this.asking = true;
    this.polledAt = Date.now();
    const r = await this.call('GET', '/api/history?after=' + this.last);
    this.asking = false;
    if (r.status === 200) {
      this.on.net(true);
      this.on.banner(r.data.banner);
      this.take(r.data.messages || []).forEach((m) => this.on.message(m));
    } else if (r.status === 401) this.renew();
    else if (r.status === 0) this.on.net(false);
  }

  // Looks every two seconds whether an answer is late: a stream that is open but silent must not keep it back.
  watch() {
    const now = Date.now();
    const oldest = Math.min(...this.waiting.values());
    const late = now - oldest > 8000;
    const expected = this.person || this.waiting.size > 0;
    const every = this.polling ? (expected ? 2500 : 10000) : late || this.person ? 8000 : 30000;
    const due = this.polling || late || !this.proven;
    if (due && !document.hidden && now - this.polledAt > every) this.poll();
    // After a minute and a half it may be a person's turn to answer: stop pretending that the machine is writing.
    this.waiting.forEach((t, id) => { if (now - t > 90000) this.waiting.delete(id); });
    this.busy();
  }

  visibility() {
    clearTimeout(this.asleep);
    if (document.hidden) this.asleep = setTimeout(() => this.close(), 120000);
    else if (this.ready) {
      if (!this.source && !this.polling) this.open();
      this.poll();
      this.wake();
    }
  }

  // New messages only, with the bookkeeping of what they answer.
  take(list) {
    const fresh = list.filter((m) => {
      const own = m.from === 'citizen';
      const key = (own ? 'c' : 'b') + m.id;
      const sent = own ? m.id : m.reply_to;
      if (sent && this.queue.some((i) => i.id === sent)) {
        this.drop(sent); // it arrived, though its receipt did not
        this.delivered(sent);
      }
      if (m.id === undefined || this.seen.has(key)) return false;
      this.seen.add(key);
      if (own) return true;
      if (m.id > this.last) this.last = m.id;
      if (m.notice && this.ready) this.handed(m.notice === 'person');
      else if (m.from === 'staff') this.waiting.clear();
      else if (m.final !== false) this.done(m.reply_to);
      return true;
    });
    this.busy();
    return fresh;
  }

  // Answers come in the order of the questions: an answer to one closes those before it.
  done(id) {
    if (!id) return;
    this.answered.add(id);
    if (!this.waiting.has(id)) return;
    for (const key of Array.from(this.waiting.keys())) {
      this.waiting.delete(key);
      if (key === id) break;
    }
  }
}
