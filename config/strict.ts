// Strict mode (B16): what the RFCs do not know is left out, and said to be.

import { seconds } from "../agent/core/time.ts";
import type { DeclaredInstance } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import type { Place } from "./source.ts";

type Bent = Pick<DeclaredInstance, "preemptDelay" | "downTimerAdverts" | "higherPrioSendAdvert" | "vmac" | "unicast">;

/** The settings of an instance that strict mode takes back to the RFC's. */
export function straightened(given: Bent, placeFor: (name: string) => Place, report: Report): Omit<Bent, "unicast"> {
  const back = (bent: boolean, keyword: string, means: string): void => {
    if (bent)
      report(
        problem(
          "H0405",
          placeFor(keyword),
          `${keyword} is cleared by strict mode: ${means}`,
          "remove it, or strict mode",
        ),
      );
  };
  back(given.preemptDelay > 0, "preempt_delay", "who is stronger preempts at once");
  back(given.downTimerAdverts !== 3, "down_timer_adverts", "Master_Down_Interval has three intervals (RFC 5798 §6.1)");
  back(given.higherPrioSendAdvert, "higher_prio_send_advert", "who yields is silent (RFC 5798 §6.4.3)");
  const { vmac } = given;
  back(
    vmac !== null && vmac.mac !== null,
    vmac?.kind === "ipvlan" ? "use_ipvlan" : "use_vmac",
    "the virtual MAC is the RFC's (RFC 5798 §7.3)",
  );
  // Unicast leaves it no choice: those adverts go out of the parent.
  const multicastFromParent = vmac?.xmitBase === true && !given.unicast;
  back(multicastFromParent, "vmac_xmit_base", "advertisements come from the virtual MAC (RFC 5798 §7.2)");
  return {
    preemptDelay: seconds(0),
    downTimerAdverts: 3,
    higherPrioSendAdvert: false,
    vmac: vmac === null ? null : { ...vmac, mac: null, xmitBase: vmac.xmitBase && !multicastFromParent },
  };
}
