// Comfort only: every page works without this file.
"use strict";

const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
const USE_KEYS = "motcua-keys";
let useKeys = localStorage.getItem(USE_KEYS) !== "off";
const showKeys = () => document.documentElement.classList.toggle("nokeys", !useKeys);
showKeys();

// Single keys can be switched off (WCAG 2.1.4), and never act while something is being written.
const sheet = document.querySelector("#keys");
if (sheet) {
  const button = document.querySelector("[data-keys]");
  const use = sheet.querySelector("[data-usekeys]");
  button.hidden = false;
  button.addEventListener("click", () => sheet.showModal());
  use.checked = useKeys;
  use.addEventListener("change", () => {
    useKeys = use.checked;
    localStorage.setItem(USE_KEYS, useKeys ? "on" : "off");
    showKeys();
  });
}

const rows = [...document.querySelectorAll("[data-row]")];
let chosen = -1;
const choose = (step) => {
  if (!rows.length) { return; }
  rows[chosen]?.removeAttribute("aria-selected");
  chosen = Math.max(0, Math.min(rows.length - 1, chosen + step));
  rows[chosen].setAttribute("aria-selected", "true");
  rows[chosen].querySelector("a").focus();
};

// The way back leads to the list as it was.
const LIST = "motcua-list";
if (document.querySelector(".tabs")) { sessionStorage.setItem(LIST, location.search); }
for (const back of document.querySelectorAll("[data-back]")) { back.href += sessionStorage.getItem(LIST) ?? ""; }

const press = (wanted) => {
  if (wanted.matches("input:not([type=radio], [type=checkbox]), textarea")) { wanted.focus(); wanted.select?.(); return; }
  const around = (wanted.matches("summary") ? wanted.parentElement : wanted).parentElement.closest("details");
  if (around && !around.open) { around.open = true; }
  if (wanted.matches("summary")) {
    wanted.parentElement.open = !wanted.parentElement.open;
    (wanted.parentElement.open && wanted.parentElement.querySelector("textarea, select, input:not([type=hidden])") || wanted).focus();
    return;
  }
  wanted.click();
  if (wanted.matches("[type=radio]")) { wanted.form.querySelector("textarea").focus(); }
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = event.target.closest?.("details.act[open]") ?? document.querySelector("details.act[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
    if (event.target.matches("#text")) { event.target.blur(); }
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) {
    event.target.form.requestSubmit();
    return;
  }
  if (!useKeys || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || sheet?.open) { return; }
  if (event.key === "?") { sheet?.showModal(); event.preventDefault(); return; }
  if (event.key === "j" || event.key === "k") { choose(event.key === "j" ? 1 : -1); event.preventDefault(); return; }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (wanted) { event.preventDefault(); press(wanted); }
});

// An open sheet closes when one clicks beside it.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.act[open]")) {
    if (!open.contains(event.target)) { open.open = false; }
  }
});

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll(".desk form[method=post]")) {
  form.addEventListener("submit", () => {
    setTimeout(() => { for (const button of form.querySelectorAll("button")) { button.disabled = true; } });
  });
}
addEventListener("pageshow", (event) => {
  if (event.persisted) { location.reload(); }
});

// Writing: standard answers go where the cursor is; leaving with an unsent text asks first.
const text = document.querySelector("#text");
if (text) {
  const filled = text.value;
  let sent = false;
  text.form.addEventListener("submit", () => { sent = true; });
  addEventListener("beforeunload", (event) => { if (!sent && text.value.trim() && text.value !== filled) { event.preventDefault(); } });
  for (const link of document.querySelectorAll("[data-insert]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      text.focus();
      text.setRangeText(link.dataset.insert, text.selectionStart, text.selectionEnd, "end");
      link.closest("details").open = false;
      const gap = text.value.indexOf("____");
      if (gap >= 0) { text.setSelectionRange(gap, gap + 4); }
    });
  }
  const find = document.querySelector("[data-find]");
  if (find) {
    const bare = (given) => given.toLowerCase().replaceAll("đ", "d").normalize("NFD").replace(/[\u0300-\u036f]/g, "");
    find.hidden = false;
    const all = [...document.querySelectorAll("[data-insert]")].map((link) => [link.closest("li"), bare(link.textContent)]);
    find.addEventListener("input", () => {
      const words = bare(find.value).split(/\s+/);
      for (const [row, held] of all) { row.hidden = !words.every((word) => held.includes(word)); }
    });
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); all.find(([row]) => !row.hidden)?.[0].querySelector("a").click(); }
    });
  }
}

// While the page is open, colleagues are told; and we are told of theirs, and of what changed meanwhile.
const box = document.querySelector("[data-presence]");
if (box) {
  const fields = new URLSearchParams({ csrf: box.dataset.csrf });
  const said = box.querySelector("[data-others]");
  const changed = box.querySelector("[data-changed]");
  const beat = async () => {
    if (document.hidden) { return; }
    try {
      const answer = await fetch(box.dataset.presence, { method: "POST", body: fields });
      if (answer.status === 401 || answer.status === 404) { clearInterval(timer); return; }
      if (!answer.ok) { return; }
      const now = await answer.json();
      const words = now.others.length ? `${now.others.join(", ")} cũng đang mở phiếu này. Anh/chị trao đổi trước khi trả lời.` : "";
      if (said.querySelector("p").textContent !== words) { said.querySelector("p").textContent = words; }
      said.hidden = !words;
      changed.hidden = now.version === Number(box.dataset.version);
    } catch (error) {
      // The server may be starting again; the next beat asks anew.
    }
  };
  const timer = setInterval(beat, 15000);
  document.addEventListener("visibilitychange", beat);
  addEventListener("pagehide", () => {
    fields.set("gone", "1");
    navigator.sendBeacon(box.dataset.presence, fields);
  });
}
