import * as z from "zod";
import { parseAddress, parseHost, type Parsed } from "../routes/grammar.ts";
import type { OptionRules } from "../routes/option.ts";
import { HOST_OPTIONS, type HostOptions, PATH_OPTIONS, type PathOptions } from "../routes/options.ts";

/** Values that containers and the operator write in the same grammar. */
export const ipAddress = z.string().transform((text, context) => valueOf(parseAddress(text), context));
export const hostName = z.string().transform((text, context) => valueOf(parseHost(text, true), context));

/** Options of a virtual host or a path by the names of the configuration, with the values of the labels. */
export const hostOptions = optionsOf<HostOptions>(HOST_OPTIONS);
export const pathOptions = optionsOf<PathOptions>(PATH_OPTIONS);

function optionsOf<S extends object>(rules: OptionRules<S>) {
  const names = Object.keys(rules) as (keyof S & string)[];
  const value = z.union([z.string(), z.number(), z.boolean()], "must be a string, a number, true or false");
  const describe = (name: keyof S & string): string =>
    `Same values as the label \`sallyport.${rules[name].label}\`: docs/reference/nginx-proxy.md.`;
  const shape = Object.fromEntries(names.map((name) => [name, value.optional().describe(describe(name))]));
  return z.strictObject(shape).transform((written, context) => {
    const read: Partial<S> = {};
    for (const name of names) {
      const text = written[name];
      if (text === undefined) continue;
      const parsed = rules[name].parse(String(text));
      if (parsed.kind === "ok") read[name] = parsed.value;
      else context.addIssue({ code: "custom", path: [name], message: parsed.reason });
    }
    return read as S;
  });
}

function valueOf<T>(parsed: Parsed<T>, context: z.core.$RefinementCtx): T {
  if (parsed.kind === "ok") return parsed.value;
  context.addIssue(parsed.reason);
  return z.NEVER;
}
