"use strict";
// The list of captures is filtered and sorted here; without this script all of it is
// shown, by what remains. Of many captures only the first that are asked for are put
// into the page: laying out thousands of rows takes longer than a keystroke may. Until
// this script runs the style hides the others.
const list = document.querySelector(".captures");
if (list) {
  const some = 25;
  const form = list.querySelector(".choose");
  const field = form.querySelector("input");
  const count = form.querySelector("output");
  const more = list.querySelector(".more");
  const body = list.querySelector("tbody");
  const heads = [...list.querySelectorAll("th")];
  const names = heads.map((head) => head.textContent);
  const number = (cell) => Number(cell.dataset.v ?? cell.textContent.replaceAll(",", ""));
  const rows = [...body.rows].map((row) => ({
    row,
    text: [...row.cells].filter((_, i) => i < 2 || !heads[i].classList.contains("n")).map((cell) => cell.textContent).join("\n").toLowerCase(),
    outcome: row.cells[1].textContent.trim(),
  }));
  const outcomes = new Set();
  const columns = new Set();
  const narrow = matchMedia("(max-width: 40rem)"); // rows are cards, whose cells name their columns
  let all = false;
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = rows.filter(({ row, text, outcome }) =>
      (outcomes.size === 0 || outcomes.has(outcome)) &&
      (columns.size === 0 || [...columns].some((i) => number(row.cells[i]) > 0)) &&
      words.every((word) => text.includes(word)));
    const shown = all ? found : found.slice(0, some);
    if (narrow.matches) {
      for (const { row } of shown) {
        if (row.cells[0].dataset.name) continue;
        [...row.cells].forEach((cell, i) => { cell.dataset.name = names[i]; });
      }
    }
    let next = body.firstElementChild;
    for (const { row } of shown) { // rows that stay are not laid out again
      if (row === next) next = next.nextElementSibling;
      else body.insertBefore(row, next);
    }
    while (next) {
      const gone = next;
      next = next.nextElementSibling;
      gone.remove();
    }
    const of = (n) => n.toLocaleString("en-US");
    count.textContent = found.length === rows.length ? `${of(rows.length)} captures` : `${of(found.length)} of ${of(rows.length)} captures`;
    more.hidden = shown.length === found.length;
    more.textContent = `Show all ${of(found.length)}`;
  };
  const toggle = (button, set, what) => button.addEventListener("click", () => {
    const on = !set.has(what);
    if (on) set.add(what); else set.delete(what);
    button.setAttribute("aria-pressed", on);
    show();
  });
  for (const tile of document.querySelectorAll(".tiles li")) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", false);
    button.append(...tile.childNodes);
    tile.append(button);
    toggle(button, outcomes, button.querySelector(".name").textContent);
  }
  for (const button of form.querySelectorAll(".chips button")) toggle(button, columns, Number(button.dataset.column));
  // Where there is no room for the columns' names, a list of them takes their place.
  const sorting = form.querySelector("select");
  const sort = (column) => {
    const head = heads[column];
    const numeric = head.classList.contains("n");
    const up = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "descending" : !numeric;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    sorting.value = column;
    const keys = new Map(rows.map(({ row }) => [row, numeric ? number(row.cells[column]) : row.cells[column].textContent]));
    const sign = up ? 1 : -1;
    rows.sort((a, b) => {
      const x = keys.get(a.row), y = keys.get(b.row);
      return x < y ? -sign : x > y ? sign : 0;
    });
    show();
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = names[column];
    head.replaceChildren(button);
    button.addEventListener("click", () => sort(column));
    sorting.add(new Option(names[column], column));
  });
  sorting.addEventListener("change", () => { if (sorting.value !== "") sort(Number(sorting.value)); });
  form.querySelector(".turn").addEventListener("click", () => { if (sorting.value !== "") sort(Number(sorting.value)); });
  field.addEventListener("input", () => { all = false; show(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => { all = true; show(); });
  narrow.addEventListener("change", show);
  form.hidden = false;
  list.classList.add("live");
  show();
}
