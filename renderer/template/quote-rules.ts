/**
 * Finds a value that would be quoted twice (`"{{name}}"`), and `{{inner name}}` outside of quotes, which would not be
 * quoted at all. `before` is the template's own text of the line; `raw` and `include` print text as it is.
 */
export function quoteProblem(called: string, before: string): string | undefined {
  if (called === "raw" || called === "include") return undefined;
  const isOpen = before.replace(/\\./g, "").split('"').length % 2 === 0;
  if (called === "inner") {
    return isOpen ? undefined : "inner is for values between double quotes, and none are open here";
  }
  return isOpen || before.endsWith("'")
    ? "a value brings its own quotes: remove those around it, or write {{inner …}} between double quotes"
    : undefined;
}
