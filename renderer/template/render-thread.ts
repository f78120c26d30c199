import { fileURLToPath } from "node:url";
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
import type { ContainerTemplateOptions, Rendering } from "./container-template.ts";
import type { Model } from "./model.ts";
import { TemplateError } from "./template-error.ts";

/** Old generation of a thread, in MiB: ten thousand containers and the longest text take half of it. */
const MAX_HEAP_MB = 96;

/** What the thread says: once whether the templates can be used, then one answer for each list of containers. */
export type Said = { readonly kind: "ready" } | { readonly kind: "refused"; readonly problem: string } | Rendering;

/** Marks the threads that are ours: in the bundle this file is the program's. */
const MARK = "sallyport.render";

/** A thread that renders with these templates, within bounds of memory; it has no environment. It does not keep the process. */
export function startRenderThread(options: ContainerTemplateOptions): Worker {
  const self = import.meta.url;
  const isSource = self.endsWith(".ts");
  // A thread of Node has no loader of its parent's: from sources it starts its own.
  const entry = isSource
    ? `import("tsx/esm/api").then(({ register }) => (register(), import(${JSON.stringify(self)})))`
    : fileURLToPath(self);
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

if (!isMainThread && parentPort && isOurs(workerData)) void serve(parentPort, workerData.options);

async function serve(port: MessagePort, options: ContainerTemplateOptions): Promise<void> {
  const say = (said: Said): void => port.postMessage(said);
  // Only here: the helpers are a tenth of the renderer's memory, and whoever keeps nginx's file alone needs none.
  const { compileContainerTemplate } = await import("./container-template.ts");
  try {
    const render = compileContainerTemplate(options);
    port.on("message", (views: readonly Model[]) => say(render(views)));
    say({ kind: "ready" });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    say({ kind: "refused", problem: error.message });
  }
}

function isOurs(given: unknown): given is { readonly options: ContainerTemplateOptions } {
  return typeof given === "object" && given !== null && "mark" in given && given.mark === MARK;
}
