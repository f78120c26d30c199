import * as z from "zod";

const EXPECTED = "must be a port such as 80, 53/udp or 8000-8100/tcp";

/** `80`, `80/tcp`, `8000-8100/udp`. The default protocol is TCP, as in Docker's filters. */
export const PortRange = z.union(
  [
    z.string().regex(/^[1-9][0-9]{0,4}(?:-[1-9][0-9]{0,4})?(?:\/(?:tcp|udp|sctp))?$/, EXPECTED),
    z.int(EXPECTED).min(1).max(65_535).transform(String),
  ],
  EXPECTED,
);

export function isInRange(range: string, port: number, proto: string): boolean {
  const [numbers = "", wanted = "tcp"] = range.split("/");
  const [first, last = first] = numbers.split("-").map(Number);
  return proto === wanted && first !== undefined && port >= first && port <= (last ?? first);
}
