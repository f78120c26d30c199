import { bare } from "../template/model.ts";
import type { Page } from "../template/template.ts";

/** Stands in the text where the hosts belong. No template and no value can hold it: NUL is refused in both. */
const PLACE = "\0hosts\0";

/** The block of `eachHost`: a host's text is made once, and used while host and settings are the same objects. */
export class HostTexts<Host extends object> {
  #texts = new WeakMap<Host, Buffer>();
  #settings: object | undefined;
  #page: Page<Host> | undefined;
  #texted: readonly Buffer[] = [];

  /** What `render` makes, with the hosts of this page where it has printed their place. */
  assemble(page: Page<Host>, render: () => string): Buffer {
    if (page.settings !== this.#settings) this.#texts = new WeakMap();
    this.#settings = page.settings;
    this.#page = page;
    try {
      const [head = "", ...tails] = render().split(PLACE);
      return Buffer.concat([Buffer.from(head), ...tails.flatMap((tail) => [...this.#texted, Buffer.from(tail)])]);
    } finally {
      this.#page = undefined;
      this.#texted = [];
    }
  }

  /** Prints the block for every host that has no text yet; gives their place. */
  print(block: (model: unknown) => string): string {
    const { hosts, modelOf } = this.#page!;
    this.#texted = hosts.map((host) => {
      const known = this.#texts.get(host);
      if (known) return known;
      const text = ownBytes(block(bare(modelOf(host))));
      this.#texts.set(host, text);
      return text;
    });
    return PLACE;
  }
}

/** Not a slice of a shared pool, which a text that is kept for months would keep whole. */
function ownBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
