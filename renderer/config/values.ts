import * as z from "zod";
import { parseDuration } from "../../shared/duration.ts";
import { socketPathProblem } from "../../shared/socket-path.ts";
import { isNetwork } from "../routes/option-values.ts";

const MIN_PERIOD_MS = 1_000;

/** A timer of Node.js fires at once when its delay exceeds 2^31 ms; a day is far below. */
const MAX_PERIOD_MS = 86_400_000;

const MAX_STALE_MS = 365 * MAX_PERIOD_MS;

const DURATION = "must be a duration such as 100ms, 1s or 2m";
const WAIT = "must be MIN:MAX, two durations such as 100ms:1s";

export const absolutePath = z.string().regex(/^\/[^\0]*$/, "must be an absolute path");

/** A path that can be printed into nginx's configuration without quotes. */
export const nginxPath = z
  .string()
  .regex(/^\/[A-Za-z0-9._:/-]*$/, "must be an absolute path of letters, digits, dots, dashes, underscores and colons");

export const socketPath = absolutePath.refine((path) => socketPathProblem(path) === undefined, {
  error: ({ input }) => socketPathProblem(String(input)),
});

export const portNumber = z.int().min(1).max(65_535);

/** `10.0.0.0/8`, `fd00::/8` or an address. */
export const network = z.string().refine(isNetwork, "must be an address or a network such as 172.18.0.1 or 10.0.0.0/8");

/** Milliseconds. */
export const duration = z.string(DURATION).transform((text, context) => parseDuration(text) ?? fail(context, DURATION));

/** Milliseconds for which the state of an absent agent is used. */
export const staleAfter = duration.refine(
  (ms) => ms >= MIN_PERIOD_MS && ms <= MAX_STALE_MS,
  "must be from 1s to 8760h",
);

/** Milliseconds between two runs of a timer. */
export const period = duration.refine((ms) => ms >= MIN_PERIOD_MS && ms <= MAX_PERIOD_MS, "must be from 1s to 24h");

export const wait = z.string(WAIT).transform((text, context) => {
  const [minMs, maxMs, ...more] = text.split(":").map(parseDuration);
  if (minMs === undefined || maxMs === undefined || maxMs < minMs || more.length > 0) return fail(context, WAIT);
  return { minMs, maxMs };
});

/** Reports an invalid value; `message` is what it must be. */
export function fail(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue(message);
  return z.NEVER;
}
