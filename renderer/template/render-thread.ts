import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
import type { ContainerTemplateOptions, Rendering } from "./container-template.ts";
import type { Model } from "./model.ts";
import { TemplateError } from "./template-error.ts";

/** Size of a thread's old generation, in MiB: ten thousand containers and the longest text take half of it. */
const MAX_HEAP_MB = 96;

/** Messages of the thread: first whether the templates are valid, then one rendering for each list of containers. */
export type ThreadMessage =
  | { readonly kind: "ready"; readonly hints: readonly string[] }
  | { readonly kind: "invalid"; readonly problem: string }
  | Rendering;

/** Identifies rendering threads: in the bundle this file is part of the main program. */
const MARK = "sallyport.render";

/** Starts a thread that renders these templates, with bounded memory and no environment. It does not keep the process alive. */
export function startRenderThread(options: ContainerTemplateOptions): Worker {
  const self = fileURLToPath(import.meta.url);
  const isSource = self.endsWith(".ts");
  const entry = isSource ? bundleOf(self) : self;
  const resourceLimits = { maxOldGenerationSizeMb: MAX_HEAP_MB, stackSizeMb: 4 };
  const worker = new Worker(entry, {
    eval: isSource,
    env: {},
    execArgv: [],
    workerData: { mark: MARK, options },
    resourceLimits,
  });
  worker.unref();
  return worker;
}

let bundled: string | undefined;

/** Returns this program as JavaScript: a thread does not inherit the loader for TypeScript. The images contain a bundle. */
function bundleOf(file: string): string {
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  bundled ??= buildSync({ entryPoints: [file], bundle: true, platform: "node", write: false, logLevel: "silent" })
    .outputFiles[0]!.text;
  return bundled;
}

if (!isMainThread && parentPort && isRenderThread(workerData)) void serve(parentPort, workerData.options);

async function serve(port: MessagePort, options: ContainerTemplateOptions): Promise<void> {
  const send = (message: ThreadMessage): void => port.postMessage(message);
  // Imported only here: the helpers are a tenth of the renderer's memory, and nginx targets do not need them.
  const { compileContainerTemplate } = await import("./container-template.ts");
  try {
    const hints = new Set<string>();
    const render = compileContainerTemplate(options, (hint) => hints.add(hint));
    port.on("message", (views: readonly Model[]) => send(render(views)));
    send({ kind: "ready", hints: [...hints] });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    send({ kind: "invalid", problem: error.message });
  }
}

function isRenderThread(given: unknown): given is { readonly options: ContainerTemplateOptions } {
  return typeof given === "object" && given !== null && "mark" in given && given.mark === MARK;
}
