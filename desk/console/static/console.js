// Comfort only: every page works without this file.
"use strict";

// On a phone the row of pages is longer than the screen: the one that is open stands in sight.
for (const row of document.querySelectorAll("header nav ul")) {
  const here = row.querySelector("[aria-current]");
  if (here) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
}

// Long work: the bar goes on by itself, and the page moves to the result.
for (const box of document.querySelectorAll("[data-progress]")) {
  const bar = box.querySelector("progress");
  const put = (name, text) => { box.querySelector(`[data-${name}]`).textContent = text; };
  let told = -1;
  let pause = 500;
  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.status === 401) { location.reload(); return; }
      const work = await answer.json();
      if (!answer.ok) { stop(work.error); return; }
      bar.value = work.percent;
      put("percent", work.percent);
      put("stage", work.stage);
      // A screen reader hears every quarter, not every second.
      const quarter = Math.floor(work.percent / 25);
      if (quarter !== told) { told = quarter; put("live", `${work.stage} ${work.percent} %`); }
      if (work.state === "done") { location.replace(work.link); return; }
      if (work.state === "failed") { location.reload(); return; }
      pause = 500;
    } catch (error) {
      // The server may be starting again: ask more and more rarely.
      pause = Math.min(pause * 2, 10000);
    }
    setTimeout(ask, pause);
  };
  const stop = (text) => {
    const message = box.querySelector("[data-message]");
    message.textContent = text;
    message.hidden = false;
    box.querySelector("[data-hint]").hidden = true;
  };
  ask();
}

// Upload: a file may be dropped, and the way up is shown.
for (const form of document.querySelectorAll("form[data-upload]")) {
  const drop = form.querySelector(".drop");
  const input = form.querySelector("input[type=file]");
  const name = form.querySelector("[data-name]");
  const bar = form.querySelector("progress");
  const message = form.querySelector("[data-message]");
  const show = () => {
    const file = input.files[0];
    name.textContent = file ? `${file.name} (${Math.max(1, Math.round(file.size / 1024)).toLocaleString("vi-VN")} KB)` : "";
  };
  const fail = (text) => {
    message.textContent = text;
    message.hidden = false;
    bar.hidden = true;
    form.querySelector("button").disabled = false;
  };
  input.addEventListener("change", show);
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const kind of ["dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  }
  drop.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; show(); }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    message.hidden = true;
    const file = input.files[0];
    if (!file) { fail("Anh/chị chưa chọn tệp."); return; }
    const most = Number(form.dataset.most);
    if (most && file.size > most) { fail(`Tệp lớn hơn ${Math.round(most / 1048576)} MB nên không gửi được.`); return; }
    form.querySelector("button").disabled = true;
    bar.hidden = false;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (sent) => {
      if (sent.lengthComputable) { bar.value = 100 * sent.loaded / sent.total; }
    });
    request.addEventListener("load", () => {
      if (request.status < 400) { location.assign(request.responseURL); return; }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const said = page.querySelector(".message");
      fail(said ? said.textContent : `Máy chủ không nhận tệp (mã ${request.status}).`);
    });
    request.addEventListener("error", () => fail("Mất kết nối khi đang gửi; anh/chị thử lại."));
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}

// Filters within a page: rows that do not hold the text are hidden.
for (const input of document.querySelectorAll("input[data-filter]")) {
  const bare = (text) => text.toLowerCase().replaceAll("đ", "d").normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const rows = [...document.querySelectorAll(input.dataset.filter)].map((row) => [row, bare(row.textContent)]);
  const count = document.querySelector("[data-shown]");
  input.closest("[hidden]")?.removeAttribute("hidden");
  input.addEventListener("input", () => {
    const wanted = bare(input.value.trim()).split(/\s+/);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !wanted.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    if (count) { count.textContent = `${shown} / ${rows.length}`; }
  });
}
