import { markup, type Markup } from "./markup.ts";

/** The controls for `SCRIPT`. Without it they stay hidden. */
export const FILTER: Markup = markup`<div class="filter" role="search" aria-label="Hosts" hidden>
<label>Host or container <input type="search" name="text" autocomplete="off" spellcheck="false"></label>
<label>Project <select name="owner"><option value="">all</option></select></label>
<label>Status <select name="state"><option value="">all</option></select></label>
<p role="status"></p>
</div>`;

/** The script of the page, in a file of its own: it filters the table of hosts, and creates no markup. */
export const SCRIPT = `"use strict";
const filter = document.querySelector(".filter");
const rows = [...document.querySelectorAll("table.hosts tbody tr")];
if (filter && rows.length > 1) {
  const text = filter.querySelector("input");
  const selects = [...filter.querySelectorAll("select")];
  const shown = filter.querySelector("[role=status]");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  for (const select of selects) {
    const values = new Set(rows.map((row) => row.dataset[select.name]).filter(Boolean));
    for (const value of [...values].sort()) select.append(new Option(value));
    select.parentElement.hidden = values.size < 2;
  }
  const update = () => {
    const words = text.value.toLowerCase().split(/\\s+/);
    let count = 0;
    rows.forEach((row, index) => {
      const fits =
        words.every((word) => texts[index].includes(word)) &&
        selects.every(({ name, value }) => value === "" || row.dataset[name] === value);
      row.hidden = !fits;
      if (fits) count += 1;
    });
    shown.textContent = count + " of " + rows.length + " shown";
  };
  filter.addEventListener("input", update);
  filter.hidden = false;
  update();
}
`;
