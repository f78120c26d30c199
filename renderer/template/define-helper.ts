import { HelperCall, MAX_TEXT } from "./helper-call.ts";
import { signatureOf } from "./signature.ts";
import { HelperError, type Helper, type HelperExample, type HelperGroup } from "./template-helper.ts";

/** Makes a helper of its usage, its description, an example, and a function of its arguments. */
export type DefineHelper = (
  usage: string,
  description: string,
  example: HelperExample,
  run: (call: HelperCall) => unknown,
) => Helper;

/** Definitions of one chapter of the reference. */
export function helpersOf(group: HelperGroup): DefineHelper {
  return (usage, description, example, run) => {
    const signature = signatureOf(usage);
    const { name } = signature;
    return {
      name,
      group,
      usage,
      description,
      example,
      run: (args, named) => bounded(name, () => run(new HelperCall(signature, args, named))),
    };
  };
}

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
