/** One line of the chart: the duration of an event (ms) by the number of containers. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly count: number; readonly ms: number }[];
}

const WIDTH = 720;
const HEIGHT = 420;
const MARGIN = { left: 70, right: 120, top: 30, bottom: 60 };
const COUNTS = [10, 100, 1_000, 10_000];
const MILLISECONDS = [1, 10, 100, 1_000];
const MARKS = ["a", "b", "c"];

/** Returns an SVG chart with two logarithmic axes for light and dark pages and for screen readers. */
export function chart(title: string, lines: readonly Line[]): string {
  const description = lines.map(
    ({ name, points }) =>
      `${name}: ${points.map(({ count, ms }) => `${ms.toFixed(1)} ms with ${count} containers`).join(", ")}`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="13">
<title id="title">${title}</title>
<desc id="description">${description.join(". ")}.</desc>
<style>
  text { fill: #333 } .grid { stroke: #ccc } .line { fill: none; stroke-width: 2.5 }
  .a { stroke: #0b62c4; fill: #0b62c4 } .b { stroke: #8a5a00; fill: #8a5a00 } .c { stroke: #b3261e; fill: #b3261e }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .grid { stroke: #444 }
    .a { stroke: #6cb0ff; fill: #6cb0ff } .b { stroke: #e0b050; fill: #e0b050 } .c { stroke: #ff8a80; fill: #ff8a80 }
  }
</style>
${COUNTS.map((count) => vertical(count)).join("\n")}
${MILLISECONDS.map((ms) => horizontal(ms)).join("\n")}
${lines.map((line, index) => drawn(line, MARKS[index % MARKS.length] ?? "a")).join("\n")}
<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 15}" text-anchor="middle">containers</text>
<text x="18" y="${(MARGIN.top + HEIGHT - MARGIN.bottom) / 2}" text-anchor="middle" transform="rotate(-90 18 ${(MARGIN.top + HEIGHT - MARGIN.bottom) / 2})">milliseconds</text>
</svg>
`;
}

function drawn({ name, points }: Line, mark: string): string {
  const path = points.map(({ count, ms }) => `${x(count)},${y(ms)}`).join(" ");
  const dots = points.map(({ count, ms }) => `<circle class="${mark}" cx="${x(count)}" cy="${y(ms)}" r="4"/>`).join("");
  const last = points.at(-1);
  const label = last ? `<text x="${x(last.count) + 10}" y="${y(last.ms) + 4}">${name}</text>` : "";
  return `<polyline class="line ${mark}" style="fill:none" points="${path}"/>${dots}${label}`;
}

function vertical(count: number): string {
  return `<line class="grid" x1="${x(count)}" y1="${MARGIN.top}" x2="${x(count)}" y2="${HEIGHT - MARGIN.bottom}"/><text x="${x(count)}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle">${count.toLocaleString("en")}</text>`;
}

function horizontal(ms: number): string {
  return `<line class="grid" x1="${MARGIN.left}" y1="${y(ms)}" x2="${WIDTH - MARGIN.right}" y2="${y(ms)}"/><text x="${MARGIN.left - 8}" y="${y(ms) + 4}" text-anchor="end">${ms.toLocaleString("en")}</text>`;
}

function x(count: number): number {
  return round(MARGIN.left + part(count, 10, 10_000) * (WIDTH - MARGIN.left - MARGIN.right));
}

function y(ms: number): number {
  return round(HEIGHT - MARGIN.bottom - part(ms, 1, 1_000) * (HEIGHT - MARGIN.top - MARGIN.bottom));
}

function part(value: number, low: number, high: number): number {
  return Math.log(value / low) / Math.log(high / low);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
