// The chat in another page: a button and a panel in a shadow root, so that neither page's styles reach the other.
import { el } from './markup.js';

const OPEN = 'motcua.open';

// Style sheets are made by script: a strict content security policy of the page would refuse any other kind.
// Browsers before 2023 know no such sheets; there the policy has to allow ours (style-src).
async function dress(shadow, addresses) {
  const made = await Promise.all(addresses.map(async (address) => {
    if (!shadow.adoptedStyleSheets) {
      const link = el('link');
      link.rel = 'stylesheet';
      link.href = address;
      await new Promise((done, failed) => {
        link.onload = done;
        link.onerror = failed;
        shadow.append(link);
      });
      return null;
    }
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(address);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(await answer.text());
    return sheet;
  }));
  if (shadow.adoptedStyleSheets) shadow.adoptedStyleSheets = made;
}

// The page's own markup, so that there is one. Read as a document: nothing of it runs, and no text is parsed by us.
function markup(base) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('GET', base + '/static/index.html');
    request.responseType = 'document';
    request.onload = () => (request.response ? done(request.response.getElementById('app')) : failed());
    request.onerror = failed;
    request.send();
  });
}

// Before it comes into the page: its addresses would be the page's.
function settle(app, base, title) {
  app.querySelectorAll('img').forEach((img) => { img.src = base + img.getAttribute('src'); });
  app.querySelectorAll('a[href^="/"]').forEach((a) => {
    a.href = base + a.getAttribute('href');
    a.target = '_blank';
    a.rel = 'noopener';
  });
  app.hidden = true;
  app.tabIndex = -1;
  app.setAttribute('role', 'dialog');
  app.setAttribute('aria-label', title);
  // The page around has its own banner, main part and first heading.
  app.querySelector('header').setAttribute('role', 'none');
  app.querySelector('h1').setAttribute('aria-level', '2');
  app.querySelector('[role=main]').setAttribute('role', 'region');
}

function kept() {
  try {
    return sessionStorage.getItem(OPEN);
  } catch (e) {
    return null;
  }
}

function keep(open) {
  try {
    sessionStorage.setItem(OPEN, open ? '1' : '0');
  } catch (e) { /* private mode */ }
}

// base: origin of the chat; asked: {position, open, title} as strings, each may be missing.
export async function widget(base, asked) {
  if (document.querySelector('motcua-chat')) return;
  const title = asked.title || 'Hỏi thủ tục hành chính';
  const host = el('motcua-chat');
  host.lang = 'vi';
  const shadow = host.attachShadow({ mode: 'open' });
  const frame = el('div', 'motcua' + (asked.position === 'left' ? ' left' : ''));
  const launcher = el('button');
  launcher.id = 'launcher';
  launcher.type = 'button';
  launcher.setAttribute('aria-haspopup', 'dialog');
  launcher.setAttribute('aria-expanded', 'false');
  const logo = el('img');
  logo.src = base + '/static/favicon.svg';
  logo.alt = '';
  const label = el('span', '', title);
  launcher.append(logo, label);
  const said = el('p', 'vh');
  said.setAttribute('role', 'status');
  frame.append(launcher, said);
  document.body.append(host);
  await dress(shadow, [base + '/static/chat.css', base + '/static/widget.css']);
  shadow.append(frame);
  // The reader's own text size: what the page sets on its root is not to count here.
  frame.style.setProperty('--base', getComputedStyle(frame).fontSize);

  let loading;
  let talk;

  function news(come) {
    launcher.classList.toggle('news', come);
    said.textContent = come ? 'Có tin mới trong khung chat' : '';
  }

  async function load() {
    const [app, module] = await Promise.all([markup(base), import('./chat.js')]);
    settle(app, base, title);
    frame.append(app);
    if (asked.title) app.querySelector('h1').textContent = title;
    launcher.setAttribute('aria-controls', 'app');
    const close = shadow.getElementById('close');
    close.hidden = false;
    close.addEventListener('click', () => hide());
    app.hidden = false; // it measures itself
    talk = module.chat(shadow, base, () => app.hidden && news(true));
    return app;
  }

  async function show(focus) {
    launcher.setAttribute('aria-busy', 'true');
    try {
      loading = loading || load();
      const app = await loading;
      app.hidden = false;
      launcher.setAttribute('aria-expanded', 'true');
      news(false);
      keep(true);
      if (talk.view.stuck) talk.view.bottom();
      if (focus) {
        app.focus();
        talk.focus();
      }
    } catch (e) {
      loading = undefined;
      said.textContent = '';
      label.textContent = 'Chưa tải được, bấm để thử lại';
      return;
    } finally {
      launcher.removeAttribute('aria-busy');
    }
    label.textContent = title;
  }

  function hide() {
    shadow.getElementById('app').hidden = true;
    launcher.setAttribute('aria-expanded', 'false');
    keep(false);
    launcher.focus();
  }

  launcher.addEventListener('click', () => {
    if (launcher.getAttribute('aria-expanded') === 'true') hide();
    else show(true);
  });
  // What is typed here is no shortcut of the page, and Escape leaves a dialog of the page open.
  ['keydown', 'keypress', 'keyup'].forEach((name) => frame.addEventListener(name, (event) => event.stopPropagation()));
  frame.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
    if (launcher.getAttribute('aria-expanded') === 'true') hide();
  });
  const before = kept();
  if (before ? before === '1' : asked.open === 'true') show(false);
}
