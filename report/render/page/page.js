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
addEventListener("beforeprint", () => {
  for (const closed of document.querySelectorAll("details:not([open])")) closed.open = true;
});
