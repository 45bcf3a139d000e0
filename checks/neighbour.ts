// Up while a neighbour on the link answers: ARP for IPv4, neighbour solicitation for IPv6.

import { Observable } from "rxjs";
import type { Answer, CheckConfig, NeighbourQuestion } from "../agent/core/check.ts";
import type { Kernel } from "../agent/kernel.ts";
import { bad, good, type Probe } from "./check.ts";

export const neighbour =
  ({ device }: CheckConfig, { address }: NeighbourQuestion, port: Pick<Kernel, "askNeighbour">): Probe =>
  () =>
    new Observable<Answer>((subscriber) => {
      const tell = (said: Answer): void => {
        subscriber.next(said);
        subscriber.complete();
      };
      const outcome = port.askNeighbour(address, device, (mac) => tell(good("answered", { output: mac })));
      if (outcome.ok) return outcome.forget;
      return tell(bad(outcome.error));
    });
