// Routes and rules of ours that somebody else took away. Nothing is watched while the configuration has none.

import { Observable } from "rxjs";
import type { AgentConfig } from "../core/config.ts";
import type { Observation } from "../core/event.ts";
import { type Path, traceOf } from "../core/path.ts";
import type { Kernel } from "../kernel.ts";
import type { Driver } from "../run.ts";

export const paths =
  (kernel: Pick<Kernel, "watchPaths">): Driver =>
  (turns$) =>
    new Observable<Observation>((subscriber) => {
      let config: AgentConfig | null = null;
      let wanted: ReadonlyMap<string, Path> = new Map();
      let stop: (() => void) | null = null;

      const watch = (): void => {
        stop ??= kernel.watchPaths((gone, by) => {
          // Putting back what is there does no harm, while a failover would.
          const missed =
            gone === null
              ? [...wanted].flatMap(([trace, { onLoss }]) => (onLoss === "restore" ? [trace] : []))
              : [...new Set(gone.map(traceOf))].filter((trace) => wanted.has(trace));
          if (missed.length > 0) subscriber.next({ type: "pathsLost", paths: missed, by: by() });
        });
      };
      const unwatch = (): void => {
        stop?.();
        stop = null;
      };
      const turns = turns$.subscribe(({ state }) => {
        if (state.config === config) return;
        config = state.config;
        wanted = wantedBy(config);
        if (wanted.size > 0) watch();
        else unwatch();
      });
      return () => {
        unwatch();
        turns.unsubscribe();
      };
    });

const wantedBy = ({ routers, statics }: AgentConfig): ReadonlyMap<string, Path> =>
  new Map(
    [...statics.paths, ...routers.flatMap((router) => router.paths)]
      .filter(({ onLoss }) => onLoss !== "ignore")
      .map((path) => [traceOf(path), path]),
  );
