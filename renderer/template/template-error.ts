/** A template that is invalid, or that cannot render this data. The message begins with the file, line and column where known. */
export class TemplateError extends Error {
  readonly code: "template.syntax" | "template.forbidden" | "template.render" | "template.size";

  constructor(code: TemplateError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
