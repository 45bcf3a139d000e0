// What is allowed and probably not meant.

import type { Declaration } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";

/** Reports what will not do what it seems to. */
export function lint({ instances }: Declaration, report: Report): void {
  for (const instance of instances) {
    const own = instance.tracks.interfaces.find(({ name }) => name === instance.interface);
    if (own !== undefined)
      report(
        problem(
          "H0213",
          own.place,
          `${own.name} is the instance's own interface, which is tracked anyway`,
          "remove the line",
        ),
      );
  }
}
