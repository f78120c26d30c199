import { type Content, type Markup, markup } from "./markup.ts";

/** Most rows of one table: more cannot be read, and a browser shall not suffer. status.json has all. */
const MAX_ROWS = 500;

/** Rows from which on a table is folded, where that is wanted. */
const LONG = 12;

export interface Table {
  /** Class of the style sheet that says how wide the columns are. */
  readonly kind: string;
  readonly caption: string;
  readonly columns: readonly string[];
  /** A row's first cell is its heading. */
  readonly rows: readonly (readonly Content[])[];
  /** What to say instead when there is no row. */
  readonly none: string;
}

/**
 * A table. Its roles are spelled out, for on narrow screens cells stand one below the other, and then browsers take
 * the elements for something else.
 */
export function table({ kind, caption, columns, rows, none }: Table): Markup {
  if (rows.length === 0) return markup`<p class="none">${none}</p>`;
  const head = columns.map((name) => markup`<th scope="col" role="columnheader">${name}</th>`);
  const left = rows.length - MAX_ROWS;
  return markup`<table class="${kind}" role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">
${rows.slice(0, MAX_ROWS).map((cells) => row(cells, columns))}</tbody>
</table>
${left > 0 && markup`<p class="none">${left} more are in <a href="status.json">status.json</a>.</p>`}`;
}

/** The table folded away when it is long. */
export function foldable(whole: Table): Markup {
  if (whole.rows.length < LONG) return table(whole);
  return markup`<details><summary>${whole.caption}</summary>
${table(whole)}</details>`;
}

function row([heading, ...cells]: readonly Content[], [, ...columns]: readonly string[]): Markup {
  const others = cells.map(
    (cell, index) =>
      markup`<td role="cell"><span class="label" aria-hidden="true">${columns[index]}</span><div>${cell}</div></td>`,
  );
  return markup`<tr role="row"><th scope="row" role="rowheader">${heading}</th>${others}</tr>
`;
}
