"use strict";
(() => {
  const main = document.querySelector("main");
  const zh = document.getElementById("in-zh");
  const en = document.getElementById("in-en");
  const tag = () => (zh.checked ? "zh-CN" : "en");

  // the language: the one the address ends with, else the reader's
  const named = () => (location.hash === "#zh" || location.hash === "#en" ? location.hash.slice(1) : "");
  const tell = () => {
    document.documentElement.lang = tag();
    document.title = main.dataset[zh.checked ? "titleZh" : "titleEn"];
  };
  const choose = (name) => {
    (name.toLowerCase().startsWith("zh") ? zh : en).checked = true;
    tell();
  };
  zh.addEventListener("change", tell);
  en.addEventListener("change", tell);
  addEventListener("hashchange", () => {
    if (named()) choose(named());
  });
  choose(named() || navigator.language || "en");

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

  // rows in the order of a column; what has no key comes last, equal ones stay as they are
  const none = (key) => key === null || key === "";
  const ordered = (rows, column, figure, down) =>
    Array.from(rows, (row, place) => ({ row, place, key: keyOf(row.cells[column], figure) }))
      .sort((a, b) => {
        if (none(a.key) || none(b.key)) return none(a.key) - none(b.key) || a.place - b.place;
        const order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
        return (down ? -order : order) || a.place - b.place;
      })
      .map((one) => one.row);
  const isFigure = (head) => head.matches(".n:not(.text)");

  // heads that sort: `sort` is told the column and whether it goes down
  const sortable = (table, sort) => {
    const heads = Array.from(table.tHead.rows[0].cells);
    for (const head of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(head, down);
      });
    }
  };
  const wordsOf = (field) => field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (row, words) => {
    const text = words.length ? row.textContent.toLowerCase() : "";
    return words.every((word) => text.includes(word));
  };
  const report = (places, seen, all) =>
    places.forEach((place, i) => {
      place.textContent = String(i % 2 ? all : seen);
    });

  // a long table begins with its first rows; the rest is a button away, and on paper
  const SHORT = 12;
  for (const table of document.querySelectorAll("table.sort")) {
    const tools = document.getElementById("tools").content.cloneNode(true);
    const field = tools.querySelector("input");
    const rest = tools.querySelector(".rest");
    const counts = tools.querySelectorAll("b");
    const rows = table.tBodies[0].rows;
    let whole = rows.length <= SHORT + 3;
    if (whole) rest.remove();
    const count = () => {
      const words = wordsOf(field);
      let found = 0;
      for (const row of rows) {
        row.hidden = !has(row, words);
        if (!row.hidden) found += 1;
        row.classList.toggle("rest", !whole && !words.length && found > SHORT);
      }
      report(counts, whole || words.length ? found : SHORT, rows.length);
    };
    sortable(table, (head, down) => {
      table.tBodies[0].append(...ordered(rows, head.cellIndex, isFigure(head), down));
      count();
    });
    field.addEventListener("input", count);
    rest.addEventListener("click", () => {
      whole = !whole;
      rest.setAttribute("aria-pressed", String(whole));
      count();
    });
    table.parentElement.before(tools);
    count();
  }

  // one quarter and horizon at a time of what was disclosed; sorted, sectors stay below their field
  for (const group of document.querySelectorAll(".group")) {
    const table = group.querySelector("table.choose");
    const parts = Array.from(table.querySelectorAll("tbody[data-q]"));
    const tools = document.getElementById("choose").content.cloneNode(true);
    const select = tools.querySelector("select");
    const buttons = Array.from(tools.querySelectorAll("button"));
    const field = tools.querySelector("input");
    const counts = tools.querySelectorAll("b");
    for (const quarter of new Set(parts.map((part) => part.dataset.q))) select.add(new Option(quarter, quarter));
    let horizon = "since_start";
    const linesOf = (part) => Array.from(part.rows).filter((row) => row.matches(".total, .field, .sector"));
    const behind = (row) => (row.nextElementSibling?.matches(".loans") ? row.nextElementSibling : null);
    const filter = () => {
      const words = wordsOf(field);
      let seen = 0;
      let all = 0;
      for (const part of parts) {
        for (const row of linesOf(part)) {
          const loans = behind(row);
          row.hidden = !(has(row, words) || (loans && has(loans, words)));
          if (loans) loans.hidden = row.hidden;
          if (part.hidden) continue;
          all += 1;
          if (!row.hidden) seen += 1;
        }
      }
      report(counts, seen, all);
    };
    const show = () => {
      for (const part of parts) part.hidden = part.dataset.q !== select.value || part.dataset.h !== horizon;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.h === horizon));
      filter();
    };
    const sort = (head, down) => {
      const within = (rows) => ordered(rows, head.cellIndex, isFigure(head), down);
      for (const part of parts) {
        const below = new Map();
        let above = null;
        for (const row of linesOf(part)) {
          if (row.matches(".field")) below.set((above = row), []);
          else if (row.matches(".sector") && above) below.get(above).push(row);
        }
        const order = within(below.keys()).flatMap((one) => [one, ...within(below.get(one))]);
        part.append(...order.flatMap((row) => [row, behind(row)].filter(Boolean)));
      }
    };
    sortable(table, sort);
    select.addEventListener("change", show);
    field.addEventListener("input", filter);
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
