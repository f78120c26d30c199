import type { Log } from "../../shared/log.ts";
import { keepAlone, type Kept } from "./keep.ts";
import type { Loop } from "./target.ts";
import { Transaction } from "./publish-group.ts";

/** Keeps every target: those of one transaction together, where the first of them is, the others by themselves. */
export function keepAll(loops: readonly Loop[], log: Log): Kept[] {
  const groups = new Map<string | Loop, [Loop, ...Loop[]]>();
  for (const loop of loops) {
    const key = loop.target.transaction ?? loop;
    const others = groups.get(key);
    if (others) others.push(loop);
    else groups.set(key, [loop]);
  }
  return [...groups].map(([key, some]) =>
    typeof key === "string" ? new Transaction(key, some, log) : keepAlone(key, log),
  );
}
