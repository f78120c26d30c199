import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { bare, type Page } from "./model.ts";
import type { RenderBounds } from "./render-bounds.ts";
import type { RenderedValues } from "./rendered-values.ts";

/** Marks where the hosts belong in the rendered text: a comment that no template and no value can contain. */
const PLACEHOLDER = `\n# ${randomUUID()}\n`;

/**
 * The block `eachHost`. It caches the text of a host while host and settings are the same objects, and the text around
 * the hosts while its fields are equal and each host has a text.
 */
export class HostTexts<Host extends object> {
  readonly #bounds: RenderBounds;
  readonly #values: RenderedValues;
  #texts = new WeakMap<Host, Buffer>();
  #settings: object | undefined;
  #fields: object | undefined;
  #text = "";
  #page: Page<Host> | undefined;
  #rendered: readonly Buffer[] = [];

  constructor(bounds: RenderBounds, values: RenderedValues) {
    this.#bounds = bounds;
    this.#values = values;
  }

  /** Returns the text that `render` makes of the page, with its hosts. */
  assemble(page: Page<Host>, render: () => string): Buffer {
    if (page.settings !== this.#settings) this.#texts = new WeakMap();
    const isSame = page.settings === this.#settings && isDeepStrictEqual(page.fields, this.#fields);
    this.#settings = page.settings;
    this.#page = page;
    this.#values.clear();
    try {
      // The inline partials that a host uses exist only while the template is rendered.
      const isCached = isSame && page.hosts.every((host) => this.#texts.has(host));
      if (isCached) this.#rendered = page.hosts.map((host) => this.#texts.get(host)!);
      else this.#renderAround(page, render);
      const [head = "", ...tails] = this.#text.split(PLACEHOLDER);
      return Buffer.concat([Buffer.from(head), ...tails.flatMap((tail) => [...this.#rendered, Buffer.from(tail)])]);
    } finally {
      this.#page = undefined;
      this.#rendered = [];
    }
  }

  #renderAround({ fields }: Page<Host>, render: () => string): void {
    this.#fields = undefined;
    this.#text = this.#values.place(render());
    this.#bounds.checkLength(this.#text.length);
    this.#fields = fields;
  }

  /** Renders the block for every host without a cached text. Returns the placeholder. */
  render(block: (model: unknown) => string): string {
    const { hosts, modelOf } = this.#page!;
    const loop = this.#bounds.loop();
    this.#rendered = hosts.map((host) => {
      const cached = this.#texts.get(host);
      if (cached) return cached;
      const from = this.#values.count;
      const rendered = loop(block(bare(modelOf(host))));
      const text = unpooled(this.#values.place(rendered, undefined, from));
      this.#texts.set(host, text);
      return text;
    });
    return PLACEHOLDER;
  }
}

/** A slice of Node's shared pool would keep the whole pool in memory as long as the text is cached. */
function unpooled(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
