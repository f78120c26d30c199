import { isBlocked } from "./source.ts";
import type { Published } from "../routes/routes.ts";
import type { Member, Print } from "./target.ts";
import type { PresetSource } from "./preset-source.ts";
import type { TargetRoutes } from "./nginx-routes.ts";
import type { TargetTemplate } from "./nginx-template.ts";

/** nginx's routes as one of several files. `noRoutes` makes a table of the target's without any container. */
export function presetMember(
  { nothing, wanted }: Pick<PresetSource, "nothing" | "wanted">,
  template: Pick<TargetTemplate, "print">,
  noRoutes: () => TargetRoutes,
): Member {
  const { isProxy } = noRoutes();
  const print = async (routes: Published): Promise<Print> =>
    await Promise.resolve({ text: template.print(routes), failed: [] });
  return {
    nothing: () => template.print(nothing),
    print: () => {
      const now = wanted();
      return now === undefined || isBlocked(now) ? now : print(now);
    },
    printOf: async (some, all) => {
      const routes = noRoutes();
      routes.apply({ upserted: [...new Set([...some, ...all.filter(isProxy)])], gone: [] });
      const found = routes.table.wanted;
      return isBlocked(found) ? { why: found.reason } : (await print(found)).text;
    },
    needs: isProxy,
  };
}
