import type { Log } from "../../shared/log.ts";
import { keepAlone, type Kept } from "./keep.ts";
import type { Loop } from "./loop.ts";
import { Transaction } from "./transaction.ts";

/** Keeps every target: those of one transaction together, the others by themselves. */
export function keepAll(loops: readonly Loop[], log: Log): Kept[] {
  const together = new Map<string, [Loop, ...Loop[]]>();
  const kept: Kept[] = [];
  for (const loop of loops) {
    const name = loop.target.transaction;
    const others = name === undefined ? undefined : together.get(name);
    if (name === undefined) kept.push(keepAlone(loop, log));
    else if (others) others.push(loop);
    else together.set(name, [loop]);
  }
  return [...kept, ...[...together].map(([name, some]) => new Transaction(name, some, log))];
}
