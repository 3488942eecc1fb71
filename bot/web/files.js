// Photos and PDFs: made smaller on the phone where that is possible, sent one at a time, kept until they arrived.
const SIDE = 2400;
const SMALL = 700 * 1024;
const KINDS = ['image/jpeg', 'image/png', 'image/webp', 'application/pdf'];

export class Files {
  // on: {show(id, text), state(id, state, why), sent(id)}; base: origin of the server, empty on its own page.
  constructor(on, base) {
    this.on = on;
    this.base = base;
    this.kept = new Map();
    this.sending = '';
    addEventListener('online', () => this.kept.forEach((item, id) => { if (item.lost) this.again(id); }));
  }

  add(list, id) {
    list.forEach((file) => {
      const key = id();
      this.kept.set(key, { file, failed: false });
      this.on.show(key, '📎 ' + file.name);
      this.on.state(key, 'pending');
    });
    this.pump();
  }

  has(id) {
    return this.kept.has(id);
  }

  withdraw(id) {
    return this.sending !== id && this.kept.delete(id);
  }

  again(id) {
    Object.assign(this.kept.get(id), { failed: false, lost: false });
    this.on.state(id, 'pending');
    this.pump();
  }

  async pump() {
    if (this.sending) return;
    const next = Array.from(this.kept).find((entry) => !entry[1].failed);
    if (!next) return;
    const [id, item] = next;
    this.sending = id;
    const why = KINDS.indexOf(item.file.type) < 0
      ? 'Tôi chỉ nhận ảnh (JPG, PNG, WebP) và PDF.'
      : await this.post(id, await smaller(item.file), item);
    if (why) {
      item.failed = true;
      this.on.state(id, 'failed', why);
    } else {
      this.kept.delete(id);
      this.on.sent(id);
    }
    this.sending = '';
    this.pump();
  }

  // What went wrong, in words; nothing when it arrived.
  async post(id, file, item) {
    const form = new FormData();
    form.append('id', id);
    form.append('files', file, file.name);
    try {
      const r = await fetch(this.base + '/api/attachments', { method: 'POST', credentials: 'include', body: form });
      if (r.status === 202) return '';
      const data = await r.json().catch(() => ({}));
      return (data.error && data.error.message) || 'Tệp này không gửi được.';
    } catch (e) {
      item.lost = true;
      return navigator.onLine === false ? 'Đang mất mạng, tệp chưa gửi được.' : 'Mạng yếu, tệp chưa gửi được.';
    }
  }
}

// A photo of 5 MB takes minutes on a weak line and shows no more than one of 500 KB.
async function smaller(file) {
  if (file.type === 'application/pdf' || file.size < SMALL || !window.createImageBitmap) return file;
  try {
    const photo = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, SIDE / Math.max(photo.width, photo.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(photo.width * scale);
    canvas.height = Math.round(photo.height * scale);
    canvas.getContext('2d').drawImage(photo, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg' });
  } catch (e) {
    return file;
  }
}
