"use strict";
// Tables sort by a click on a column's name; without this script they stand in
// the order in which the report has them.
for (const table of document.querySelectorAll("table.sorts")) {
  const body = table.tBodies[0];
  const heads = table.tHead.rows[0].cells;
  [...heads].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("n");
      const up = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "descending" : !numeric;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[column];
        const value = cell.dataset.v ?? cell.textContent;
        return numeric ? Number(value) : value;
      };
      const sign = up ? 1 : -1;
      const rows = [...body.rows].map((row) => [key(row), row]);
      rows.sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0));
      body.append(...rows.map(([, row]) => row));
    });
  });
}
// A packet under the pointer is shown in both pictures.
for (const pair of document.querySelectorAll(".pair")) {
  const light = (event, on) => {
    const mark = event.target.closest("g[data-f]");
    if (!mark) return;
    for (const same of pair.querySelectorAll(`g[data-f="${mark.dataset.f}"]`)) same.classList.toggle("lit", on);
  };
  pair.addEventListener("pointerover", (event) => light(event, true));
  pair.addEventListener("pointerout", (event) => light(event, false));
}
// On a narrow screen each row is a card, whose cells name their columns.
for (const table of document.querySelectorAll("table.sorts")) {
  const names = [...table.tHead.rows[0].cells].map((head) => head.textContent);
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, i) => { if (names[i] && cell.textContent) cell.dataset.name = names[i]; });
}
// Findings are chosen by their verdicts, which the tiles count, and by words.
for (const article of document.querySelectorAll("article")) {
  const sections = [...article.querySelectorAll(".finds")];
  const tiles = [...article.querySelectorAll(".tiles li")];
  if (sections.length === 0) continue;
  const rows = sections.flatMap((section) => [...section.querySelectorAll("tbody tr")]);
  const chosen = new Set();
  const form = document.createElement("form");
  form.className = "choose";
  form.setAttribute("role", "search");
  const label = document.createElement("label");
  label.textContent = "Filter findings ";
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "an address, a flag, a frame";
  const count = document.createElement("output");
  label.append(field);
  form.append(label, count);
  sections[0].querySelector("h2").after(form);
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      const tag = row.querySelector(".tag");
      const fits = (chosen.size === 0 || tag && [...chosen].some((name) => tag.classList.contains(name))) && words.every((word) => texts[i].includes(word));
      row.hidden = !fits;
      if (fits) shown++;
    });
    count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} rows`;
  };
  for (const tile of tiles) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", false);
    button.append(...tile.childNodes);
    tile.append(button);
    button.addEventListener("click", () => {
      const on = !chosen.has(tile.className);
      if (on) chosen.add(tile.className); else chosen.delete(tile.className);
      button.setAttribute("aria-pressed", on);
      show();
    });
  }
  field.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const link of article.querySelectorAll("a.its-findings")) {
    link.addEventListener("click", () => { field.value = link.dataset.words; show(); });
  }
}
// What is wider than its place can be scrolled by keys, too.
const pans = [...document.querySelectorAll(".pan")];
const reach = () => {
  for (const [pan, wide] of pans.map((pan) => [pan, pan.scrollWidth > pan.clientWidth])) {
    if (wide) {
      pan.tabIndex = 0;
      pan.setAttribute("role", "group");
      pan.setAttribute("aria-label", pan.querySelector("svg").getAttribute("aria-label"));
    } else for (const name of ["tabindex", "role", "aria-label"]) pan.removeAttribute(name);
  }
};
addEventListener("resize", reach);
for (const graph of document.querySelectorAll("details.flow")) graph.addEventListener("toggle", reach);
reach();
// A link to a picture opens it.
const open = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") target.open = true;
};
addEventListener("hashchange", open);
open();
// The display filter can be copied.
for (const label of document.querySelectorAll(".facts dt")) {
  if (label.textContent !== "Filter") continue;
  const said = label.nextElementSibling;
  const filter = said.textContent;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(filter);
      button.textContent = "Copied";
    } catch { // where a page may not write to the clipboard it selects the text
      getSelection().selectAllChildren(said);
    }
  });
  said.append(button);
}
