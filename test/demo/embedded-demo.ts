import { setTimeout as sleep } from "node:timers/promises";
import { demoApps } from "./demo-apps.ts";
import { type EmbeddedStack, startEmbeddedStack } from "./embedded-stack.ts";
import { continueScenario, runScenario } from "./embedded-story.ts";
import { say } from "./narration.ts";

/** Milliseconds between two changes, so that a reader can follow. */
const PAUSE_MS = 5_000;

export interface EmbeddedOptions {
  /** Why Docker is not used. */
  readonly reason: string;
  /** Run once instead of until a signal. */
  readonly once: boolean;
  /** False: behave as if nginx were not installed. */
  readonly withNginx: boolean;
}

/** Runs the demo on the embedded engine. Returns the exit code. */
export async function demoEmbedded(options: EmbeddedOptions, stop: AbortSignal): Promise<number> {
  const { reason, once, withNginx } = options;
  say(`Docker is not used (${reason}): an embedded engine serves Docker's API on its own socket, and its
"containers" are HTTP servers in this process. The agent and the renderer are the shipped programs.`);
  const stack = await startEmbeddedStack(withNginx);
  try {
    introduce(stack);
    await Promise.race([runScenario(stack), aborted(stop)]);
    if (once) return 0;
    say("\nContainers start and stop until Ctrl-C.");
    await Promise.race([continueScenario(stack, () => sleep(PAUSE_MS, undefined, { signal: stop })), aborted(stop)]);
    return 0;
  } catch (error) {
    if (stop.aborted) return 0;
    say(`\n${(error as Error).message}. The last output of the programs:\n\n${stack.lastOutput()}`);
    return 1;
  } finally {
    await stack.close();
    say("\nEverything is stopped and removed.");
  }
}

function introduce({ nginx }: EmbeddedStack): void {
  if (nginx === undefined) {
    say("nginx is not installed: the demo shows the generated configuration instead of responses.");
    return;
  }
  say(`${nginx.version} listens on port ${nginx.port} of this machine. While this runs, try:\n`);
  for (const { host } of demoApps) say(`  curl -H 'Host: ${host}' http://127.0.0.1:${nginx.port}/`);
}

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    const fail = () => reject(new Error("stopped"));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
