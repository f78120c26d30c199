/** The style sheet of the page: light and dark, wide and narrow screens, print. */
export const STYLE = `:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #fff; --text: #1c2430; --muted: #566172; --line: #dfe3ea; --soft: #eef1f5;
  --link: #1a56b0; --good: #176639; --good-soft: #e2f3e8; --warn: #7d4b00; --warn-soft: #fcefd3;
  --bad: #a51d24; --bad-soft: #fbe4e4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1a2029; --text: #e6eaf0; --muted: #a3aebd; --line: #303947; --soft: #232b36;
    --link: #8ab8ff; --good: #7fd6a0; --good-soft: #173626; --warn: #f2c26b; --warn-soft: #3b2d12;
    --bad: #ff9c9c; --bad-soft: #45201f;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0 auto; max-width: 76rem; padding: 1.25rem clamp(1rem, 4vw, 2.5rem) 2.5rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
code { font: .875em/1.4 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
h1, h2, p, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: clamp(1.6rem, 5vw, 2.1rem); line-height: 1.2; letter-spacing: -.02em; margin-top: 1.5rem; }
h2 { font-size: 1.15rem; line-height: 1.3; margin-bottom: .75rem; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: .25rem; }
main:focus { outline: none; }
.skip { position: absolute; left: -100rem; top: .5rem; padding: .5rem 1rem; background: var(--card); border-radius: .5rem; z-index: 1; }
.skip:focus { left: 1rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bar { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .25rem 1.5rem; }
.name { font-weight: 650; letter-spacing: .01em; }
.written { color: var(--muted); font-variant-numeric: tabular-nums; }
.written a { margin-left: .75rem; }
.summary { color: var(--muted); font-size: 1.05rem; margin-top: .35rem; }
.stopped { margin-top: 1rem; }
nav { margin: 1.5rem 0; }
nav ul { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem; }
nav a {
  display: block; height: 100%; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; color: var(--muted); text-decoration: none; font-size: .9375rem;
}
nav a:hover { border-color: var(--link); }
nav span { display: block; color: var(--text); font-size: 1.5rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.1rem 1.25rem 1.25rem; margin-bottom: 1.25rem; scroll-margin-top: 1rem; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
caption { text-align: left; color: var(--muted); font-size: .9375rem; padding-bottom: .35rem; }
th, td { padding: .6rem 1.25rem .6rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border: 0; padding-top: .2rem; padding-bottom: .4rem; color: var(--muted); font-size: .8125rem; font-weight: 600; }
tbody th { font-weight: 600; }
table + table, table + details, table + .none, .none + table, .none + details, .none + .none, details + table, details + details, details + .none { margin-top: 1.25rem; }
.label { display: none; }
[hidden] { display: none !important; }
.filter { display: flex; flex-wrap: wrap; align-items: end; gap: .5rem 1.25rem; margin-bottom: .75rem; color: var(--muted); font-size: .875rem; }
.filter label { display: flex; flex-direction: column; flex: 0 1 12rem; }
.filter label:first-child { flex-basis: 18rem; }
input, select { font: inherit; font-size: 1rem; color: var(--text); background: var(--ground); border: 1px solid var(--muted); border-radius: .5rem; padding: .3rem .5rem; min-width: 0; width: 100%; }
.badge { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .8125rem; font-weight: 600; line-height: 1.5; overflow-wrap: normal; }
.badge > span { font-size: .7em; vertical-align: .1em; margin-right: .15em; }
.good { color: var(--good); background: var(--good-soft); }
.warn { color: var(--warn); background: var(--warn-soft); }
.bad { color: var(--bad); background: var(--bad-soft); }
.plain { color: var(--muted); background: var(--soft); }
.since, .none, .path { color: var(--muted); font-size: .875rem; font-variant-numeric: tabular-nums; }
.since { font-weight: 400; }
.servers + .path, details + .path, .path + details { margin-top: .5rem; }
.servers li, .history li, .issues li, .names li { padding: .15rem 0; }
.servers strong { font-weight: 600; }
.issues .badge { margin-right: .35rem; }
.reason { white-space: pre-wrap; overflow-wrap: anywhere; }
.reason { font-size: .875rem; margin-top: .25rem; }
summary { cursor: pointer; color: var(--link); width: fit-content; padding: .1rem 0; }
details[open] > summary { margin-bottom: .5rem; }
footer { color: var(--muted); font-size: .875rem; }
@media (min-width: 48.01rem) {
  table { table-layout: fixed; }
  th:first-child { width: 22%; }
  .hosts, .hosts caption, .hosts thead, .hosts tbody { display: block; }
  .hosts tr { display: grid; grid-template-columns: 22% 16% minmax(0, 1fr) 17%; }
  .hosts th:first-child { width: auto; }
  .containers th:nth-child(3) { width: 26%; }
  .containers th:nth-child(4) { width: 13%; }
  .targets th:nth-child(2) { width: 15%; }
  .targets th:nth-child(3) { width: 26%; }
  .agents th:nth-child(3) { width: 26%; }
  td time, .badge, .servers .since { white-space: nowrap; }
}
/* The browser lays out only the rows in view. */
.hosts tbody tr { content-visibility: auto; contain-intrinsic-size: auto 4rem; }
@media (max-width: 48rem) {
  section { padding: 1rem; }
  nav ul { grid-template-columns: repeat(2, 1fr); }
  table, caption, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border-top: 1px solid var(--line); padding: .7rem 0; }
  tr:last-child { padding-bottom: 0; }
  th, td { border: 0; padding: .15rem 0; }
  tbody th { font-size: 1.0625rem; padding-bottom: .3rem; }
  td { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: .5rem; }
  .label { display: block; color: var(--muted); font-size: .8125rem; padding-top: .1rem; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media (forced-colors: active) { .badge { border: 1px solid; } }
@media print {
  body { background: none; max-width: none; padding: 0; }
  nav, .skip, .filter, .written a { display: none; }
  section { border: 0; padding: 0; break-inside: auto; }
}
`;
