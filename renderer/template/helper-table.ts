import { HelperCall, type Helpers, MAX_TEXT } from "./helper-call.ts";
import { HelperError } from "./helper-error.ts";
import { checks } from "./helpers/checks.ts";
import { containerMatching } from "./helpers/container-matching.ts";
import { containerQueries } from "./helpers/container-queries.ts";
import { containerServing } from "./helpers/container-serving.ts";
import { documents } from "./helpers/documents.ts";
import { lists } from "./helpers/lists.ts";
import { logic } from "./helpers/logic.ts";
import { records } from "./helpers/records.ts";
import { regularExpressions } from "./helpers/regular-expressions.ts";
import { strings } from "./helpers/strings.ts";
import { type Signature, signatureOf } from "./signature.ts";

export interface Helper extends Signature {
  readonly run: (args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown;
}

const BY_USAGE: Helpers = {
  ...checks,
  ...containerMatching,
  ...containerQueries,
  ...containerServing,
  ...documents,
  ...lists,
  ...logic,
  ...records,
  ...regularExpressions,
  ...strings,
};

/** Every helper of template targets. Names are unique. */
export const HELPERS: readonly Helper[] = Object.entries(BY_USAGE).map(([usage, run]) => {
  const signature = signatureOf(usage);
  const { name } = signature;
  return { ...signature, run: (args, named) => bounded(name, () => run(new HelperCall(signature, args, named))) };
});

/** Runs a helper. Results are finite, and limits of the engine are reported as HelperError. */
function bounded(name: string, run: () => unknown): unknown {
  const result = attempt(name, run);
  if (typeof result === "number" && !Number.isFinite(result)) {
    throw new HelperError(`${name}: the result is not a finite number`);
  }
  if (typeof result === "string" && result.length > MAX_TEXT) {
    throw new HelperError(`${name}: the result has more than ${MAX_TEXT} characters`);
  }
  return Object.is(result, -0) ? 0 : result;
}

function attempt(name: string, run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    // The stack or the longest possible text was exceeded.
    if (error instanceof RangeError) throw new HelperError(`${name}: an argument is too large or nested too deep`);
    throw error;
  }
}
