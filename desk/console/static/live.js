// Comfort only: every page works without this file, by reloading it.
"use strict";

// ---- the queue: the list is put in afresh when it has changed, unless somebody is in the middle of it ----
const queue = document.querySelector("[data-live-queue]");
if (queue) {
  const title = document.title;
  const look = async () => {
    try {
      const answer = await fetch(queue.dataset.liveQueue, { headers: { Accept: "application/json" } });
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) {
        const { mark, waiting } = await answer.json();
        document.title = waiting ? `(${waiting}) ${title}` : title;
        if (mark !== queue.dataset.mark) { await renew(waiting); }
      }
    } catch (error) { /* the server may be starting again */ }
    setTimeout(look, document.hidden ? 15000 : 4000);
  };
  const renew = async (waiting) => {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const fresh = page.querySelector("[data-live-queue]");
    if (!fresh) { return; }
    const at = document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.getAttribute("href");
    queue.dataset.mark = fresh.dataset.mark;
    const news = queue.querySelector("[data-news]");
    for (const child of [...queue.children]) { if (child !== news) { child.remove(); } }
    for (const child of [...fresh.children]) {
      if (child.matches("[data-news]")) { continue; }
      queue.append(document.importNode(child, true));
    }
    if (at) { queue.querySelector(`[aria-label="${CSS.escape(at)}"], a[href="${CSS.escape(at)}"]`)?.focus(); }
    news.textContent = waiting ? `Đang có ${waiting} người chờ.` : "Không còn ai chờ.";
  };
  setTimeout(look, 4000);
}

// ---- one conversation ----
const live = document.querySelector("[data-live]");
if (live) {
  const log = live.querySelector("[data-log]");
  const thread = log.querySelector(".thread");
  const newer = live.querySelector("[data-newer]");
  const message = live.querySelector("[data-message]");
  const lost = live.querySelector("[data-lost]");
  const form = live.querySelector("[data-say]");
  const title = document.title;
  let after = live.dataset.after;
  let standing = live.dataset.standing;
  let unseen = 0;

  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const toEnd = () => { log.scrollTop = log.scrollHeight; newer.hidden = true; };
  newer.addEventListener("click", () => { toEnd(); log.focus(); });
  log.addEventListener("scroll", () => { if (atEnd()) { newer.hidden = true; } }, { passive: true });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { unseen = 0; document.title = title; }
  });

  const take = (kind, data) => {
    if (kind === "turn") {
      if (document.getElementById(data.key)) { return; }
      const follow = atEnd();
      if (data.author === "staff") { thread.querySelector("[data-pending]")?.remove(); }
      const made = document.createElement("template");
      made.innerHTML = data.html;
      thread.append(made.content);
      if (follow) { toEnd(); } else { newer.hidden = false; }
      if (document.hidden && data.author === "citizen") { unseen += 1; document.title = `(${unseen}) ${title}`; }
    } else if (kind === "delivery") {
      const place = document.getElementById(data.key)?.querySelector("[data-delivery]");
      if (place) { place.textContent = data.text; }
    } else if (kind === "state" && data.standing !== standing) {
      standing = data.standing;
      live.querySelector("[data-changed]").hidden = false;
    }
  };

  // ---- down ----
  let failures = 0;
  const open = [...thread.querySelectorAll("[data-delivery]")].slice(-50).map((place) => place.closest("li").id.slice(1)).join(",");
  const query = () => new URLSearchParams({ after, standing, open });
  const listen = () => {
    const source = new EventSource(`${live.dataset.live}/stream?${query()}`);
    source.addEventListener("open", () => { failures = 0; lost.hidden = true; });
    for (const kind of ["turn", "delivery", "state"]) {
      source.addEventListener(kind, (event) => {
        after = event.lastEventId || after;
        take(kind, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      failures += 1;
      if (failures > 1) { lost.hidden = false; }
      // A proxy that holds streams back, or a session that is over: ask instead.
      if (source.readyState === EventSource.CLOSED || failures > 3) { source.close(); ask(); }
    });
  };
  const ask = async () => {
    try {
      const answer = await fetch(`${live.dataset.live}/turns.json?${query()}`, { headers: { Accept: "application/json" } });
      if (answer.status === 401 && !form?.elements.text.value) { location.reload(); return; }
      if (answer.status === 401) { fail("Phiên làm việc đã hết. Anh/chị chép lại nội dung đang viết rồi đăng nhập lại."); return; }
      if (answer.ok) {
        const got = await answer.json();
        lost.hidden = true;
        for (const one of got.events) { take(one.kind, one); }
        after = got.after;
      }
    } catch (error) { lost.hidden = false; }
    setTimeout(ask, 1500);
  };

  // ---- up: what is written stays in the box until the server has it ----
  const fail = (text) => { message.textContent = text; message.hidden = false; };
  if (form) {
    const box = form.elements.text;
    const kept = `motcua-live-${live.dataset.live}`;
    const keep = () => { try { sessionStorage.setItem(kept, box.value); } catch (error) { /* private mode */ } };
    try { if (!box.value) { box.value = sessionStorage.getItem(kept) || ""; } } catch (error) { /* private mode */ }
    let sending = false;
    const send = async () => {
      const text = box.value.trim();
      if (!text || sending) { return; }
      sending = true;
      message.hidden = true;
      const button = form.querySelector(".under button");
      button.disabled = true;
      try {
        const answer = await fetch(`${live.dataset.live}/say.json`, {
          method: "POST",
          body: new URLSearchParams({ csrf: form.elements.csrf.value, key: form.elements.key.value, text }),
        });
        const got = await answer.json().catch(() => ({}));
        if (answer.ok) {
          form.elements.key.value = got.key;
          // What was typed while it was on its way stays.
          box.value = box.value.trim() === text ? "" : box.value.replace(text, "").trimStart();
          keep();
          toEnd();
        } else if (answer.status === 401) {
          fail("Phiên làm việc đã hết nên tin chưa gửi. Anh/chị chép lại nội dung rồi đăng nhập lại.");
        } else { fail(got.error || `Tin chưa gửi được (mã ${answer.status}). Anh/chị thử lại.`); }
      } catch (error) {
        // The key stays the same: sent again, it is written once.
        fail("Mất kết nối nên chưa rõ tin đã tới máy chủ chưa. Anh/chị bấm Gửi lại: tin không bị gửi hai lần.");
      }
      sending = false;
      button.disabled = false;
      box.focus();
    };
    form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
    box.addEventListener("input", keep);
    box.addEventListener("keydown", (event) => {
      // isComposing, 229: the keyboard is still putting a Vietnamese syllable together.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) { return; }
      event.preventDefault();
      send();
    });
    form.querySelector("[data-keys]").hidden = false;
    for (const button of form.querySelectorAll("[data-canned]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        box.value = box.value.trim() ? `${box.value.trimEnd()}\n${button.dataset.canned}` : button.dataset.canned;
        button.closest("details").open = false;
        keep();
        box.focus();
      });
    }
    box.focus({ preventScroll: true });
  }

  log.style.scrollBehavior = "auto";
  toEnd();
  log.style.scrollBehavior = "";
  if (window.EventSource) { listen(); } else { ask(); }
}
