import { HelperCall, MAX_TEXT } from "./helper-call.ts";
import { signatureOf } from "./signature.ts";
import { HelperError, type Helper, type HelperExample, type HelperGroup } from "./template-helper.ts";

/** Makes a helper of its usage, what the reference says of it, an example, and what it does with its arguments. */
export type DefineHelper = (
  usage: string,
  says: string,
  example: HelperExample,
  run: (call: HelperCall) => unknown,
) => Helper;

/** Definitions of one chapter of the reference. */
export function helpersOf(group: HelperGroup): DefineHelper {
  return (usage, says, example, run) => {
    const signature = signatureOf(usage);
    return {
      name: signature.name,
      group,
      usage,
      says,
      example,
      run: (args, named) => within(signature.name, () => run(new HelperCall(signature, args, named))),
    };
  };
}

/** What no argument may break: results are finite, and the engine's own limits are reported as ours. */
function within(name: string, run: () => unknown): unknown {
  const result = attempt(name, run);
  if (typeof result === "number" && !Number.isFinite(result)) throw new HelperError(`${name}: the result is no number`);
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
    if (error instanceof RangeError) throw new HelperError(`${name}: what it is given is too large or too deep`);
    throw error;
  }
}
