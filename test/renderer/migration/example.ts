import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runRender } from "../../../renderer/cli/render.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Config } from "../../../renderer/config/schema.ts";
import type { TestContext } from "node:test";
import type { Container } from "../../../shared/snapshot.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import type { Block } from "./page-blocks.ts";
import { removeDirectory } from "../../remove-directory.ts";

/** Directory of the reader's files on the pages. */
export const WORK = "/work";

const SHIPPED = "/etc/sallyport/templates/";

/** Parses containers of a page, which shows short IDs and omits some fields. */
export function containersOf({ text }: Block): Container[] {
  const list = JSON.parse(text) as (Partial<Container> & { readonly id: string })[];
  return list.map(({ id, ...fields }) => container("0", { env: {}, ...fields, id: id.padEnd(64, "0") }));
}

/** One example of a page in a directory of its own, with an agent that reports the page's containers. */
export class Example {
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-migration-"));
  readonly #agent: FakeAgent;
  readonly #replaced: readonly (readonly [from: string, to: string])[];

  constructor(context: TestContext, containers: readonly Container[], replaced: Readonly<Record<string, string>> = {}) {
    context.after(async () => await this.#close());
    this.#agent = new FakeAgent(join(this.directory, "agent.sock"));
    this.#agent.first = [...containers];
    this.#replaced = Object.entries({
      [WORK]: this.directory,
      [SHIPPED]: join(process.cwd(), "renderer/templates/"),
      "/run/sallyport/agent/rpc.sock": join(this.directory, "agent.sock"),
      ...replaced,
    });
  }

  /** Writes a file that the page shows. */
  write({ what, text }: Block): void {
    const file = join(this.directory, what);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, this.#here(text));
  }

  /** Reads a file by its path on the page. */
  readonly read = (file: string): { readonly text: string } | { readonly problem: string } => {
    try {
      return { text: readFileSync(this.#here(file), "utf8") };
    } catch {
      return { problem: `${file}: cannot be read` };
    }
  };

  /** Parses the page's configuration with the paths of this directory. */
  config(yaml: string): Config {
    const config = parseConfig(
      `${this.#here(yaml)}\nstatusSocket: ${join(this.directory, "status.sock")}\n`,
      "page.yml",
    );
    assert.ok(!("problems" in config), JSON.stringify(config));
    return config;
  }

  /** Renders the file of a destination. */
  async printed(yaml: string, destination: string): Promise<{ readonly text: string; readonly stderr: string }> {
    const { stdout, stderr, exitCode } = await runRender(this.config(yaml), this.#here(destination));
    assert.equal(exitCode, 0, stderr);
    return { text: stdout, stderr };
  }

  async #close(): Promise<void> {
    await this.#agent.close();
    await removeDirectory(this.directory);
  }

  #here(text: string): string {
    return this.#replaced.reduce((sum, [from, to]) => sum.replaceAll(from, to), text);
  }
}
