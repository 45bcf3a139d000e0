// Where the figures are served: `metrics { listen }`, followed when the configuration changes. A port that
// cannot be had is told once and tried again: the address may be one that only a Master has.

import type { Server } from "node:http";
import type { AgentConfig } from "../core/config.ts";
import type { Journal } from "../operate/journal.ts";
import type { Pages } from "../operate/web.ts";

export type Exporter = {
  readonly serve: (metrics: AgentConfig["metrics"]) => void;
  readonly close: () => void;
};

/** Between attempts, in ms. */
const AGAIN = 2_000;

type Place = AgentConfig["metrics"]["listen"][number];
const nameOf = ({ host, port }: Place): string => `${host} ${port}`;

/** One place that is wanted, and what stands there. */
type Stand = { server: Server | null; told: boolean; wanted: boolean };

export function openExporter(pages: Pages, journal: Journal): Exporter {
  const stands = new Map<string, Stand>();
  const open = async (place: Place, stand: Stand): Promise<void> => {
    // Whoever serves nothing does not load it.
    const { serveWeb } = await import("../operate/web.ts");
    if (!stand.wanted) return;
    const server = serveWeb(place, pages);
    stand.server = server;
    server.on("listening", () => {
      journal.info(
        `metrics: http://${place.host.includes(":") ? `[${place.host}]` : place.host}:${place.port}/metrics`,
      );
      stand.told = false;
    });
    server.on("error", (error) => {
      if (!stand.told) journal.warn(`metrics: ${error.message}; it is tried again`);
      stand.told = true;
      setTimeout(() => void open(place, stand), AGAIN).unref();
    });
  };
  const shut = (name: string, stand: Stand): void => {
    stands.delete(name);
    stand.wanted = false;
    stand.server?.close();
    stand.server?.closeAllConnections();
  };
  const serve = ({ listen }: AgentConfig["metrics"]): void => {
    const wanted = new Set(listen.map(nameOf));
    for (const [name, stand] of [...stands]) if (!wanted.has(name)) shut(name, stand);
    for (const place of listen) {
      if (stands.has(nameOf(place))) continue;
      const stand: Stand = { server: null, told: false, wanted: true };
      stands.set(nameOf(place), stand);
      void open(place, stand);
    }
  };
  return { serve, close: () => serve({ listen: [] }) };
}
