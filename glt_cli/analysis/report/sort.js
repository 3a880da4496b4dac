// Tables sort by a click on a heading. Without this script they read as they were written.
"use strict";
const numbersIn = (text) => (text.replace(/−/g, "-").replace(/,(?=\d{3})/g, "")
  .match(/[-+]?\d*\.?\d+(?:e[-+]?\d+)?/gi) || []).map(Number);
const isNothing = (text) => text === "–" || text === "-" || text === "" || text === "none";
const isNumber = (text) => /^[-+−]?[\d.]/.test(text);

const compare = (areNumbers, sign) => (a, b) => {
  if (isNothing(a) || isNothing(b)) return isNothing(a) - isNothing(b); // last either way
  if (!areNumbers) return sign * a.localeCompare(b, "en", { numeric: true });
  const left = numbersIn(a), right = numbersIn(b);
  const i = left.findIndex((value, at) => value !== right[at]);
  return i < 0 || i >= right.length ? 0 : sign * (left[i] - right[i]);
};

const sortBy = (table, heading, column) => {
  const isDown = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
  const textOf = (row) => row.cells[column].textContent.trim();
  const rows = [...table.tBodies[0].rows];
  const texts = rows.map(textOf).filter((text) => !isNothing(text));
  const order = compare(texts.every(isNumber), isDown ? -1 : 1);
  rows.sort((a, b) => order(textOf(a), textOf(b)));
  table.tBodies[0].append(...rows);
};

for (const table of document.querySelectorAll("table")) {
  if (!table.tHead || table.tBodies[0].rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sortBy(table, heading, column));
  });
}
