// What the kernel says about addresses as it happens, with its time: `ip monitor`.

import type { Daemon } from "./command.ts";
import { eventually } from "./eventually.ts";
import type { Host } from "./lan.ts";

export type AddressEvent = {
  /** Microseconds since 1970, when iproute2 was told. */
  readonly at: number;
  readonly gone: boolean;
  readonly address: string;
};

export type Monitor = {
  readonly events: () => readonly AddressEvent[];
  readonly stop: () => Promise<readonly AddressEvent[]>;
};

/** What reads before whoever else wants the processor: to be told late is not to be late. */
const FIRST = ["chrt", "--fifo", "99"];

/** Watches the addresses of a host; settles when it does. `first` is for whoever measures: it waits for no processor. */
export async function watchAddresses(host: Host, first = false): Promise<Monitor> {
  const argv = [...(first ? FIRST : []), "ip", "-ts", "-o", "monitor", "address"];
  const daemon: Daemon = await host.start("ip monitor", argv, { env: { TZ: "UTC" } });
  // It does not say when it listens; an address that comes and goes on lo does.
  await eventually(
    "ip monitor listens",
    async () => {
      if (daemon.stdout().includes("127.9.9.9")) return true;
      await host.run(["ip", "address", "add", "127.9.9.9/32", "dev", "lo"]);
      await host.run(["ip", "address", "delete", "127.9.9.9/32", "dev", "lo"]);
      return false;
    },
    { otherwise: daemon.output },
  );
  const events = (): readonly AddressEvent[] => readEvents(daemon.stdout());
  return {
    events,
    stop: async () => {
      await daemon.stop();
      return events();
    },
  };
}

const LINE = /^\[(\S+?)\] (?:\[ADDR\])?(Deleted )?\d+: (\S+)\s+inet6? ([0-9a-f.:]+)/;

function readEvents(text: string): readonly AddressEvent[] {
  return text.split("\n").flatMap((line) => {
    const [, time = "", deleted, device, address = ""] = LINE.exec(line) ?? [];
    if (address === "" || device === "lo") return [];
    // Milliseconds by Date, and the three digits that it would throw away.
    const [whole = "", fraction = ""] = time.split(".");
    return [{ at: Date.parse(`${whole}Z`) * 1_000 + Number(fraction), gone: deleted !== undefined, address }];
  });
}
