// What a row of the table of codes is.

export type Severity = "error" | "warning" | "info";

export type Row = { readonly severity: Severity; readonly title: string; readonly explain: string };

export const error = (title: string, explain: string): Row => ({ severity: "error", title, explain });
export const warning = (title: string, explain: string): Row => ({ severity: "warning", title, explain });
export const info = (title: string, explain: string): Row => ({ severity: "info", title, explain });
