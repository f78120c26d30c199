import { setTimeout as sleep } from "node:timers/promises";
import { demoApps } from "./demo-apps.ts";
import { type EmbeddedStack, startEmbeddedStack } from "./embedded-stack.ts";
import { goOn, tell } from "./embedded-story.ts";
import { say } from "./narration.ts";

/** Between two changes, so that a person can follow, in milliseconds. */
const FOLLOW_MS = 5_000;

export interface EmbeddedOptions {
  /** Why it is not Docker. */
  readonly reason: string;
  /** One round, or until the signal. */
  readonly once: boolean;
  /** False: as if nginx were not installed. */
  readonly withNginx: boolean;
}

/** Tells the story on the embedded engine. Returns the exit code. */
export async function demoEmbedded(options: EmbeddedOptions, stop: AbortSignal): Promise<number> {
  const { reason, once, withNginx } = options;
  say(`This is not Docker (${reason}): an embedded engine speaks Docker's API on a socket of its own, and its
"containers" are HTTP servers in this process. The agent and the renderer are the real ones.`);
  const stack = await startEmbeddedStack(withNginx);
  try {
    introduce(stack);
    await Promise.race([tell(stack), aborted(stop)]);
    if (once) return 0;
    say("\nContainers now come and go until Ctrl-C.");
    await Promise.race([goOn(stack, () => sleep(FOLLOW_MS, undefined, { signal: stop })), aborted(stop)]);
    return 0;
  } catch (error) {
    if (stop.aborted) return 0;
    say(`\n${(error as Error).message}. What the programs said last:\n\n${stack.lastWords()}`);
    return 1;
  } finally {
    await stack.close();
    say("\nEverything is stopped and removed.");
  }
}

function introduce({ nginx }: EmbeddedStack): void {
  if (nginx === undefined) {
    say("There is no nginx, so you see the configuration it would be given instead of answers.");
    return;
  }
  say(`So is ${nginx.version}, at port ${nginx.port} of this machine. Try, while this runs:\n`);
  for (const { host } of demoApps) say(`  curl -H 'Host: ${host}' http://127.0.0.1:${nginx.port}/`);
}

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    const fail = () => reject(new Error("stopped"));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
