import { eventually } from "../../../eventually.ts";
import type { Chromium } from "./chromium.ts";

/** One element of the accessibility tree. */
export interface Accessible {
  readonly role: string;
  readonly name: string;
}

interface AccessibilityNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

/** One tab of a browser, with its requests and its console errors. */
export class BrowserPage {
  readonly requests: string[] = [];
  readonly complaints: string[] = [];
  readonly #chromium: Chromium;
  readonly #session: string;
  #loads = 0;

  private constructor(chromium: Chromium, session: string) {
    this.#chromium = chromium;
    this.#session = session;
    chromium.onSaid(session, (method, params) => {
      const words = JSON.stringify(params);
      if (method === "Page.loadEventFired") this.#loads += 1;
      if (method === "Network.requestWillBeSent") this.requests.push((params["request"] as { url: string }).url);
      if (
        ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Audits.issueAdded"].includes(method)
      )
        this.complaints.push(`${method} ${words}`);
    });
  }

  static async open(chromium: Chromium): Promise<BrowserPage> {
    const { targetId } = await chromium.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await chromium.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new BrowserPage(chromium, sessionId as string);
    for (const domain of ["Page", "Network", "Log", "Runtime", "Audits", "Accessibility"])
      await page.#send(`${domain}.enable`);
    await page.#send("Performance.enable", { timeDomain: "threadTicks" });
    return page;
  }

  /** Returns the processor time of the page's thread since it was opened, in milliseconds: it does not depend on the load. */
  async processorMs(): Promise<number> {
    const { metrics } = (await this.#send("Performance.getMetrics")) as { metrics: { name: string; value: number }[] };
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1_000;
  }

  async disableScripts(): Promise<void> {
    await this.#send("Emulation.setScriptExecutionDisabled", { value: true });
  }

  async goTo(url: string): Promise<void> {
    const before = this.#loads;
    await this.#send("Page.navigate", { url });
    await eventually(`${url} is loaded`, () => this.#loads > before);
  }

  /** Sizes are in CSS pixels. */
  async resize({ width, height }: { readonly width: number; readonly height: number }): Promise<void> {
    await this.#send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  async prefer(scheme: "light" | "dark"): Promise<void> {
    await this.#send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  /** Returns the value of an expression in the page; awaits a promise. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.#send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (answer["exceptionDetails"]) throw new Error(JSON.stringify(answer["exceptionDetails"]));
    return (answer["result"] as { value: T }).value;
  }

  async press(key: "Tab" | "Enter"): Promise<void> {
    const about = {
      key,
      code: key,
      windowsVirtualKeyCode: key === "Tab" ? 9 : 13,
      ...(key === "Enter" && { text: "\r" }),
    };
    await this.#send("Input.dispatchKeyEvent", { type: key === "Enter" ? "keyDown" : "rawKeyDown", ...about });
    await this.#send("Input.dispatchKeyEvent", { type: "keyUp", ...about });
  }

  /** Returns the whole page as PNG, not only the visible part. */
  async screenshot(): Promise<Buffer> {
    // Rows are laid out when they come into view, in the next frames.
    const [width, height] = await this.evaluate<[number, number]>(
      "[innerWidth, document.documentElement.scrollHeight]",
    );
    await this.resize({ width, height });
    await this.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    // On a slow machine a picture may be taken before everything is painted.
    let last = "";
    return await eventually("two pictures are equal", async () => {
      const { data } = (await this.#send("Page.captureScreenshot", {})) as { data: string };
      const isSame = data === last;
      last = data;
      return isSame && Buffer.from(data, "base64");
    });
  }

  async accessibilityTree(): Promise<Accessible[]> {
    const { nodes } = await this.#send("Accessibility.getFullAXTree");
    return (nodes as AccessibilityNode[])
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: role?.value ?? "", name: name?.value ?? "" }));
  }

  async #send(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    return await this.#chromium.send(method, params, this.#session);
  }
}
