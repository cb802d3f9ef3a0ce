// What the model is told about what was attached to a prompt.

type Data = Record<string, unknown>;

/** Names files and folders, quotes selections; says of binary data that it is there but not shown. */
export function attachmentsText(attachments: readonly unknown[] | undefined): string {
  const lines = (attachments ?? []).flatMap((attachment) => {
    const line = describe((attachment ?? {}) as Data);
    return line === "" ? [] : [line];
  });
  return lines.length === 0 ? "" : `\n\n${lines.join("\n")}`;
}

function describe(data: Data): string {
  switch (data.type) {
    case "file":
      return `Attached file: ${text(data.path)}`;
    case "directory":
      return `Attached folder: ${text(data.path)}`;
    case "selection":
      return `Attached selection of ${text(data.filePath)}:\n${text(data.text)}`;
    case "blob":
      return `Attached data of type ${text(data.mimeType)}, which is not shown to you: ${text(data.displayName) || "unnamed"}`;
    default:
      return "";
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
