// What a row of the table of codes is.

export type Severity = "error" | "warning" | "info";

export type Row = {
  readonly severity: Severity;
  readonly title: string;
  readonly explain: string;
  /** What would be right, where the place itself knows nothing better. */
  readonly remedy: string | null;
};

export const error = (title: string, explain: string, remedy: string | null = null): Row => ({
  severity: "error",
  title,
  explain,
  remedy,
});
export const warning = (title: string, explain: string, remedy: string | null = null): Row => ({
  severity: "warning",
  title,
  explain,
  remedy,
});
export const info = (title: string, explain: string): Row => ({ severity: "info", title, explain, remedy: null });
