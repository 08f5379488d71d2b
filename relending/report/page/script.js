"use strict";
(() => {
  const main = document.querySelector("main");
  const zh = document.getElementById("in-zh");
  const en = document.getElementById("in-en");
  const tag = () => (zh.checked ? "zh-CN" : "en");

  // the language: the one the address ends with, else the reader's
  const named = location.hash === "#zh" || location.hash === "#en" ? location.hash.slice(1) : navigator.language || "en";
  (named.toLowerCase().startsWith("zh") ? zh : en).checked = true;
  const tell = () => {
    document.documentElement.lang = tag();
    document.title = main.dataset[zh.checked ? "titleZh" : "titleEn"];
  };
  zh.addEventListener("change", tell);
  en.addEventListener("change", tell);
  tell();

  // what a cell is sorted by: its own key, the digits of a figure, or its text in the language shown
  const textOf = (cell) => {
    const own = cell.querySelector(`[lang="${tag()}"]`);
    return (own || cell).textContent.trim();
  };
  const keyOf = (cell, figure) => {
    if (cell.dataset.k !== undefined) return BigInt(cell.dataset.k);
    const text = textOf(cell);
    if (!figure) return text;
    const digits = text.replace(/[^0-9-]/g, "");
    return /[0-9]/.test(digits) ? BigInt(digits) : null;
  };

  const sorted = (table, column, down) => {
    const body = table.tBodies[0];
    const figure = table.tHead.rows[0].cells[column].matches(".n:not(.text)");
    const rows = Array.from(body.rows, (row, place) => ({ row, place, key: keyOf(row.cells[column], figure) }));
    const none = (key) => key === null || key === "";
    rows.sort((a, b) => {
      if (none(a.key) || none(b.key)) return none(a.key) - none(b.key) || a.place - b.place;
      const order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
      return (down ? -order : order) || a.place - b.place;
    });
    body.append(...rows.map((one) => one.row));
  };

  for (const table of document.querySelectorAll("table.sort")) {
    for (const head of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sorted(table, head.cellIndex, down);
      });
    }
    const tools = document.getElementById("tools").content.cloneNode(true);
    const field = tools.querySelector("input");
    const counts = tools.querySelectorAll("b");
    const rows = table.tBodies[0].rows;
    const count = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let seen = 0;
      for (const row of rows) {
        const text = words.length ? row.textContent.toLowerCase() : "";
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) seen += 1;
      }
      counts.forEach((place, i) => {
        place.textContent = String(i % 2 ? rows.length : seen);
      });
    };
    field.addEventListener("input", count);
    table.parentElement.before(tools);
    count();
  }

  // one quarter and horizon at a time of what was disclosed
  for (const group of document.querySelectorAll(".group")) {
    const parts = Array.from(group.querySelectorAll("tbody[data-q]"));
    const tools = document.getElementById("choose").content.cloneNode(true);
    const select = tools.querySelector("select");
    const buttons = Array.from(tools.querySelectorAll("button"));
    for (const quarter of new Set(parts.map((part) => part.dataset.q))) select.add(new Option(quarter, quarter));
    let horizon = "since_start";
    const show = () => {
      for (const part of parts) part.hidden = part.dataset.q !== select.value || part.dataset.h !== horizon;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.h === horizon));
    };
    select.addEventListener("change", show);
    for (const button of buttons) {
      button.addEventListener("click", () => {
        horizon = button.dataset.h;
        show();
      });
    }
    group.querySelector(".scroll").before(tools);
    show();
  }

  // on paper everything is open, but for the lists of loans that the reader has left closed
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not(.keep):not([open])"));
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
})();
