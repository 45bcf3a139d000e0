// Columns as network people expect them: no borders, one line a row, two spaces between.

/** Lays out rows under their heading; the last column is not padded. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}

/** A span in the two largest units that say something: `3h12m`, `41s`. */
export function inWords(seconds: number): string {
  const whole = Math.floor(seconds);
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const;
  const first = units.findIndex(([, size]) => whole >= size);
  if (first < 0) return "0s";
  return units
    .slice(first, first + 2)
    .map(([unit, size], i) => {
      const above = i === 0 ? Number.POSITIVE_INFINITY : (units[first]?.[1] ?? 1);
      return `${Math.floor((whole % above) / size)}${unit}`;
    })
    .join("");
}
