import { type Content, type Markup, markup } from "./markup.ts";

/** Maximum rows of one table, so that the browser stays responsive; status.json has all. */
const MAX_ROWS = 1_000;

/** Rows from which a collapsible table is collapsed. */
const COLLAPSE_FROM = 12;

export interface Table {
  /** Class in the style sheet that sets the column widths. */
  readonly kind: string;
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly Content[])[];
  readonly attributes?: readonly Markup[];
  /** Text that is shown if there are no rows. */
  readonly empty: string;
}

/**
 * Renders a table. The roles are explicit because narrow screens stack the cells, and browsers then no longer infer
 * them from the elements.
 */
export function table({ kind, caption, columns, rows, attributes = [], empty }: Table): Markup {
  if (rows.length === 0) return markup`<p class="none">${empty}</p>`;
  const head = columns.map((name) => markup`<th scope="col" role="columnheader">${name}</th>`);
  const more = rows.length - MAX_ROWS;
  return markup`<table class="${kind}" role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">
${rows.slice(0, MAX_ROWS).map((cells, index) => row(cells, columns, attributes[index]))}</tbody>
</table>
${more > 0 && markup`<p class="none">${more} more are in <a href="status.json">status.json</a>.</p>`}`;
}

/** Renders a table, collapsed if it is long. */
export function collapsibleTable(contents: Table): Markup {
  if (contents.rows.length < COLLAPSE_FROM) return table(contents);
  return markup`<details><summary>${contents.caption}</summary>
${table(contents)}</details>`;
}

function row(
  [heading, ...cells]: readonly Content[],
  [, ...columns]: readonly string[],
  attributes: Markup | undefined,
): Markup {
  const others = cells.map(
    (cell, index) =>
      markup`<td role="cell"><span class="label" aria-hidden="true">${columns[index]}</span><div>${cell}</div></td>`,
  );
  return markup`<tr role="row"${attributes}><th scope="row" role="rowheader">${heading}</th>${others}</tr>
`;
}
