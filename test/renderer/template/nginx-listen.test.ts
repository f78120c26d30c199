import assert from "node:assert/strict";
import { test } from "node:test";
import { listens } from "../../../renderer/nginx/listen.ts";
import { hasHttp2Directive } from "../../../renderer/nginx/version.ts";

const versions: readonly [version: string | undefined, hasDirective: boolean][] = [
  [undefined, false],
  ["1.22.1", false],
  ["1.25", false],
  ["1.25.0", false],
  ["1.25.1", true],
  ["1.26", true],
  ["1.31.3", true],
];
for (const [version, hasDirective] of versions) {
  test(`HTTP/2 of nginx ${version} is ${hasDirective ? "a directive" : "a parameter of listen"}`, () => {
    const settings = { listen: 80, ...(version !== undefined && { version }) };
    assert.equal(hasHttp2Directive(settings), hasDirective);
    const [listen] = listens(443, settings, { tls: {} });
    assert.equal(listen?.text.includes("http2"), !hasDirective);
  });
}
