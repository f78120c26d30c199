import { fc } from "../property.ts";
import type { Container } from "../../shared/snapshot.ts";

/** One of 16 ids, so that generated snapshots overlap. */
const id = fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16).repeat(64));

const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => `10.${parts.join(".")}`);

/** Any container that the contract accepts. */
export const container: fc.Arbitrary<Container> = fc.record({
  id,
  name: fc.stringMatching(/^[a-z][a-z0-9_.-]{0,20}$/),
  state: fc.constantFrom("created", "running", "paused", "restarting", "exited", "dead"),
  health: fc.constantFrom("none", "starting", "healthy", "unhealthy"),
  stopping: fc.boolean(),
  stale: fc.boolean(),
  unread: fc.boolean(),
  createdAt: fc.nat(),
  networks: fc.array(fc.record({ name: fc.constantFrom("front", "back", "other"), ipv4 }), { maxLength: 3 }),
  ports: fc.array(fc.record({ port: fc.integer({ min: 1, max: 65_535 }), proto: fc.constantFrom("tcp", "udp") }), {
    maxLength: 3,
  }),
  env: fc.record(
    { VIRTUAL_HOST: fc.constantFrom("a.example", "b.example,a.example", "*.c.example", "bad;host", "", " ,", "x y") },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Record<string, string>>,
  labels: fc.constant({}),
  fromImage: fc.constant({ read: true, env: [], labels: [] }),
  withheld: fc.record({ env: fc.nat(99), labels: fc.nat(99) }),
  refused: fc.constant([]),
});
