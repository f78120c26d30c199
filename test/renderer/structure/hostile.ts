import { readFileSync } from "node:fs";
import { fc } from "../../property.ts";

const lines = (file: string): string[] => readFileSync(file, "utf8").split("\n");

/** Texts that could be more than a value in some file format. */
export const HOSTILE: readonly string[] = [
  ...new Set([
    ...lines("test/corpus/hosts/refused.txt"),
    ...(JSON.parse(readFileSync("test/corpus/values/hostile.json", "utf8")) as string[]),
    `${"a".repeat(103)}.example`,
    `${"abcdefghi.".repeat(24)}abcde.example`,
    "x".repeat(4_096),
  ]),
];

/** Concatenated hostile and random texts. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
      { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
      { weight: 1, arbitrary: fc.constantFrom("neutral", "a.example", "80", " ", "\n", "\ud800") },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((pieces) => pieces.join(""));
