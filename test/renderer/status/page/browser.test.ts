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
import { statusPage } from "../../../../renderer/status/page/document.ts";
import { exampleReport } from "../example-report.ts";
import { type ExampleSite, startExampleSite } from "./example-site.ts";

/** Directory for screenshots of the page, such as `docs/images`. Without it none are saved. */
const PICTURES = process.env["SALLYPORT_PICTURES"];

const SIZES = { wide: { width: 1200, height: 900 }, phone: { width: 390, height: 844 } } as const;

const skip = requires("nginx", "openssl", "chromium");

describe("the status page, served by nginx in a browser", { skip }, () => {
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
    test(`${scheme}: the browser reports no errors and sends no other requests`, async () => {
      const page = await open("wide", scheme);
      assert.deepEqual(page.complaints, []);
      const asked = page.requests.filter((one) => !one.startsWith("data:"));
      assert.deepEqual(asked, [url, `${url}style.css`, `${url}filter.js`]);
      const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      assert.equal(ground, scheme === "light" ? "rgb(245, 246, 248)" : "rgb(18, 22, 28)");
      if (PICTURES === undefined) return;
      await eventually("Docker is connected", async () => !(await ask({})).text.includes("Docker on"), 90_000);
      await page.goTo(url);
      writeFileSync(join(PICTURES, `status-${scheme}.png`), await page.screenshot());
    });

    for (const size of ["wide", "phone"] as const) {
      test(`${scheme}, ${size}: axe finds no violations, and nothing is wider than the screen`, async () => {
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

      test(`${scheme}, ${size}: screen readers get one title, landmarks, and tables with headings`, async () => {
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

  test("keyboard users can skip to the status and open every collapsed list", async () => {
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
    const collapsed = await page.evaluate<number>("document.querySelectorAll('details').length");
    assert.ok(collapsed >= 2, String(collapsed));
    for (let steps = 0; steps < 100; steps++) {
      if ((await stop()).startsWith("SUMMARY")) await page.press("Enter");
      if ((await page.evaluate("document.querySelectorAll('details[open]').length")) === collapsed) return;
    }
    assert.fail("a collapsed list is not reachable");
  });

  /** The host names that are visible. */
  const SHOWN = `[...document.querySelectorAll("table.hosts tbody tr")]
    .filter((row) => row.checkVisibility()).map((row) => row.querySelector("bdi").textContent).sort()`;
  /** Sets the controls of the filter as a user does, and returns what is shown then. */
  const filtered = async (page: BrowserPage, text: string, owner = "", state = ""): Promise<string[]> => {
    await page.evaluate(`for (const [selector, value] of ${JSON.stringify([
      ["input", text],
      ["[name=owner]", owner],
      ["[name=state]", state],
    ])}) {
      const control = document.querySelector(".filter " + selector);
      control.value = value;
      control.dispatchEvent(new Event("input", { bubbles: true }));
    }`);
    return await page.evaluate<string[]>(SHOWN);
  };

  test("hosts can be filtered by name, container, project and status", async () => {
    const page = await open("wide");
    const all = ["*.media.example", "blog.example", "docs.example", "metrics.example", "shop.example", "wiki.example"];
    assert.deepEqual(await filtered(page, ""), all);
    assert.deepEqual(await filtered(page, "SHOP"), ["shop.example"]);
    assert.deepEqual(await filtered(page, "media-9"), ["*.media.example"]);
    assert.deepEqual(await filtered(page, "example wiki"), ["wiki.example"]);
    assert.deepEqual(await filtered(page, "", "project docs"), ["docs.example"]);
    assert.deepEqual(await filtered(page, "", "", "503, unavailable"), ["wiki.example"]);
    assert.deepEqual(await filtered(page, "", "project docs", "503, unavailable"), []);
    const count = await page.evaluate<string>("document.querySelector('.filter [role=status]').textContent");
    assert.equal(count, "0 of 6 shown");
  });

  test("without scripts the page has no filter and shows every host", async () => {
    const page = await BrowserPage.open(chromium);
    await page.disableScripts();
    await page.goTo(url);
    const tree = await page.accessibilityTree();
    assert.ok(!tree.some(({ role }) => ["search", "searchbox"].includes(role)));
    assert.equal(tree.filter(({ role }) => role === "rowheader").length > 6, true);
  });

  test("a page of 1,000 hosts opens in less than a second of processor time, shows all of them and filters them", async (context) => {
    const [host] = exampleReport().virtualHosts;
    const virtualHosts = Array.from({ length: 1_000 }, (_, index) => ({
      ...host!,
      host: `h${index}.example`,
      owner: `project p${index % 50}`,
    }));
    const html = statusPage(exampleReport({ virtualHosts }), { at: Date.now(), isLast: false });
    // nginx serves it as it serves the page.
    writeFileSync(join(site.directory, "large.html"), html);
    const page = await BrowserPage.open(chromium);
    await page.goTo(`${url}large.html`);
    const needed = await page.processorMs();
    const loaded = await page.evaluate<number>("performance.getEntriesByType('navigation')[0].loadEventEnd");
    context.diagnostic(
      `${html.length} characters, loaded in ${Math.round(loaded)} ms, processor ${Math.round(needed)} ms`,
    );
    assert.ok(needed < 1_000, `${needed} ms`);
    assert.equal((await filtered(page, "")).length, 1_000);
    assert.deepEqual(await filtered(page, "h777."), ["h777.example"]);
    assert.equal((await filtered(page, "", "project p7")).length, 20);
    assert.deepEqual(page.complaints, []);
  });

  test("the browser shows values of containers as text", async () => {
    const page = await open("wide");
    const text = await page.evaluate<string>("document.body.textContent");
    assert.match(text, /invalid value "reports\.example\\"; return 200 \\"<b>hello<\/b>"/);
    assert.equal(
      await page.evaluate("[...document.querySelectorAll('b')].filter((b) => b.textContent === 'hello').length"),
      0,
    );
  });

  test("shows when it was written and when it was served, so that an outdated page is noticed", async () => {
    const text = await (await open("wide")).evaluate<string>("document.querySelector('.written').innerText");
    const [, written = "", shown = ""] = /^As of (\S+ \S+) UTC, shown at (\S+)/.exec(text) ?? [];
    const [before, now] = [Date.parse(`${written.replace(" ", "T")}Z`), Date.parse(shown)];
    assert.ok(before <= now && now - Date.now() < 2_000, text);
    assert.doesNotMatch((await ask({})).text, /<!--/);
  });

  const refusals: readonly [request: string, options: http.RequestOptions, status: number][] = [
    ["a client that is not allowed", { localAddress: "127.0.0.2" }, 403],
    [
      "a client that is not allowed and forges X-Forwarded-For",
      { localAddress: "127.0.0.2", headers: { "x-forwarded-for": "127.0.0.1" } },
      403,
    ],
    ["a host name that an attacker resolves to this address", { headers: { host: "evil.example" } }, 421],
    ["POST", { method: "POST" }, 405],
    ["DELETE", { method: "DELETE", path: "/index.html" }, 405],
    ["a path outside of the directory", { path: "/../default.conf" }, 400],
    ["a path of another file", { path: "/default.conf" }, 404],
  ];
  for (const [request, options, status] of refusals) {
    test(`responds with ${status} to ${request}`, async () => {
      const answer = await ask(options);
      assert.equal(answer.status, status);
      assert.doesNotMatch(answer.text, /shop\.example/);
    });
  }

  test("serves addresses, localhost and names without dots, and forbids caching", async () => {
    for (const host of ["127.0.0.1:8081", "localhost:8081", "[::1]:8081", "proxy"]) {
      assert.equal((await ask({ headers: { host } })).status, 200, host);
    }
    const { headers } = await ask({ path: "/status.json" });
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["cache-control"], "no-store");
    assert.match(
      String(headers["content-security-policy"]),
      /^default-src 'none'; style-src 'self'; script-src 'self'; img-src data:;/,
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
  });
});
