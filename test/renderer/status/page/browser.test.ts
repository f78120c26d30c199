import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import * as http from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import axe from "axe-core";
import { eventually } from "../../../eventually.ts";
import { BrowserPage } from "./browser-page.ts";
import { Chromium } from "./chromium.ts";
import { requires } from "../../../requires.ts";
import { type ExampleSite, startExampleSite } from "./example-site.ts";

/** Directory for pictures of the page, such as `docs`; without it none are kept. */
const PICTURES = process.env["SALLYPORT_PICTURES"];

const SIZES = { wide: { width: 1200, height: 900 }, phone: { width: 390, height: 844 } } as const;

const skip = requires("nginx", "openssl", "chromium");

describe("the status page, from a real nginx in a real browser", { skip }, () => {
  let site: ExampleSite;
  let chromium: Chromium;
  let url: string;
  before(async () => {
    site = await startExampleSite();
    chromium = new Chromium();
    url = `http://127.0.0.1:${site.port}/`;
    await eventually("the page is served", async () => (await ask({})).text.includes("metrics.example"));
  });
  after(async () => {
    await chromium.close();
    await site.close();
  });

  async function ask(
    options: http.RequestOptions,
  ): Promise<{ status: number; text: string; headers: http.IncomingHttpHeaders }> {
    return await new Promise((resolve, reject) => {
      const request = http.request({ host: "127.0.0.1", port: site.port, agent: false, ...options }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
        });
      });
      request.on("error", reject).end();
    });
  }

  async function open(size: keyof typeof SIZES, scheme: "light" | "dark" = "light"): Promise<BrowserPage> {
    const page = await BrowserPage.open(chromium);
    await page.resize(SIZES[size]);
    await page.prefer(scheme);
    await page.goTo(url);
    return page;
  }

  for (const scheme of ["light", "dark"] as const) {
    test(`${scheme}: the browser complains about nothing and asks nobody else`, async () => {
      const page = await open("wide", scheme);
      assert.deepEqual(page.complaints, []);
      const asked = page.requests.filter((one) => !one.startsWith("data:"));
      assert.deepEqual(asked, [url, `${url}style.css`]);
      const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      assert.equal(ground, scheme === "light" ? "rgb(245, 246, 248)" : "rgb(18, 22, 28)");
      if (PICTURES !== undefined) writeFileSync(join(PICTURES, `status-${scheme}.png`), await page.screenshot());
    });

    for (const size of ["wide", "phone"] as const) {
      test(`${scheme}, ${size}: axe finds nothing to mend, and nothing is wider than the screen`, async () => {
        const page = await open(size, scheme);
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
        await page.evaluate(axe.source);
        const violations = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
          "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
        );
        assert.deepEqual(
          violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]),
          [],
        );
        assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
      });

      test(`${scheme}, ${size}: what is read aloud has one title, landmarks, and tables with headings`, async () => {
        const tree = await (await open(size, scheme)).accessibilityTree();
        const count = (role: string): number => tree.filter((one) => one.role === role).length;
        assert.equal(await (await open(size, scheme)).evaluate("document.querySelectorAll('h1').length"), 1);
        for (const landmark of ["banner", "navigation", "main", "contentinfo"])
          assert.equal(count(landmark), 1, landmark);
        const tables = tree.filter(({ role }) => role === "table").map(({ name }) => name);
        assert.ok(tables.includes("6 virtual hosts"), tables.join());
        assert.ok(count("columnheader") >= tables.length, "column headings");
        assert.ok(tree.some(({ role, name }) => role === "rowheader" && name.includes("wiki.example")));
      });
    }
  }

  test("with the Tab key alone, the first stop skips to the status, and every folded list is reached and opened", async () => {
    const page = await open("wide");
    const stop = async (): Promise<string> => {
      await page.press("Tab");
      return await page.evaluate("`${document.activeElement.tagName} ${document.activeElement.textContent.trim()}`");
    };
    assert.equal(await stop(), "A Skip to the status");
    const isSeen = "document.activeElement.getBoundingClientRect().left >= 0";
    assert.ok(await page.evaluate(isSeen), "the link is seen while it has the focus");
    await page.press("Enter");
    assert.equal(await page.evaluate("location.hash"), "#main");
    await page.evaluate("document.activeElement.blur()");
    const folded = await page.evaluate<number>("document.querySelectorAll('details').length");
    assert.ok(folded >= 2, String(folded));
    for (let steps = 0; steps < 100; steps++) {
      if ((await stop()).startsWith("SUMMARY")) await page.press("Enter");
      if ((await page.evaluate("document.querySelectorAll('details[open]').length")) === folded) return;
    }
    assert.fail("some folded list is not reached");
  });

  test("what a container says is text in the browser, too", async () => {
    const page = await open("wide");
    const said = await page.evaluate("document.querySelector('.value').textContent");
    assert.equal(said, 'reports.example"; return 200 "<b>hello</b>');
  });

  test("it says when it was written, and when it is shown: a renderer that was killed writes no more", async () => {
    const said = await (await open("wide")).evaluate<string>("document.querySelector('.written').innerText");
    const [, written = "", shown = ""] = /^As of (\S+ \S+) UTC, shown at (\S+)/.exec(said) ?? [];
    const [before, now] = [Date.parse(`${written.replace(" ", "T")}Z`), Date.parse(shown)];
    assert.ok(before <= now && now - Date.now() < 2_000, said);
    assert.doesNotMatch((await ask({})).text, /<!--/);
  });

  const refusals: readonly [who: string, options: http.RequestOptions, status: number][] = [
    ["an address that is not allowed", { localAddress: "127.0.0.2" }, 403],
    [
      "an address that is not allowed and calls itself another",
      { localAddress: "127.0.0.2", headers: { "x-forwarded-for": "127.0.0.1" } },
      403,
    ],
    ["a site whose name leads here", { headers: { host: "evil.example" } }, 421],
    ["somebody who sends instead of asking", { method: "POST" }, 405],
    ["somebody who wants to delete", { method: "DELETE", path: "/index.html" }, 405],
    ["somebody who looks beyond the page", { path: "/../default.conf" }, 400],
    ["somebody who asks for another file", { path: "/default.conf" }, 404],
  ];
  for (const [who, options, status] of refusals) {
    test(`${who} gets ${status} and nothing of the page`, async () => {
      const answer = await ask(options);
      assert.equal(answer.status, status);
      assert.doesNotMatch(answer.text, /shop\.example/);
    });
  }

  test("it is reached by address, as localhost and by a name without dots, and no browser keeps it", async () => {
    for (const host of ["127.0.0.1:8081", "localhost:8081", "[::1]:8081", "proxy"]) {
      assert.equal((await ask({ headers: { host } })).status, 200, host);
    }
    const { headers } = await ask({ path: "/status.json" });
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["cache-control"], "no-store");
    assert.match(String(headers["content-security-policy"]), /^default-src 'none'; style-src 'self';/);
    assert.equal(headers["x-content-type-options"], "nosniff");
  });
});
