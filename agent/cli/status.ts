// heird status: how the daemon on a state directory is.

import { ask, socketPath } from "../operate/control.ts";
import type { RouterStatus, Status } from "../operate/status.ts";
import { EXIT, Refusal } from "./refusal.ts";
import { inWords, table } from "./table.ts";

export async function status(stateDirectory: string, json: boolean): Promise<number> {
  const answer = (await ask(stateDirectory, "status").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(
      EXIT.unreachable,
      `no daemon answers on ${socketPath(stateDirectory)} (${why}); is it running, and with this --state-dir?`,
    );
  })) as Status;
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : `${brief(answer)}\n`);
  return EXIT.ok;
}

/** What `heird status` prints for people. */
export function brief(status: Status): string {
  const { log, config } = status;
  const behind = log.head - log.durable;
  const head = [
    `heird ${status.version} on ${status.routerId}`,
    `up ${inWords(status.upSeconds)}`,
    `config ${config.file} (generation ${config.generation}, last reload: ${config.lastReload.split("\n")[0]})`,
    `log ${log.head + 1} lines, ${behind} behind the disk${log.error === null ? "" : ` (${log.error})`}`,
    status.realtime ? "real-time" : "not real-time",
  ].join("  ");
  const rows = status.instances.map(row);
  const heading = ["Instance", "Iface", "ID", "Fam", "State", "For", "Pri", "Master", "Addresses", "Last change"];
  const closed = status.instances.filter(({ accept }) => !accept).map(({ name }) => name);
  const notes = [
    ...(closed.length === 0 ? [] : [`no_accept: the addresses of ${closed.join(", ")} answer no ping`]),
    ...status.settings.map(({ path, before, set }) => `set: ${path} = ${set} (was ${before})`),
    ...status.claims.map(
      ({ mac, interface: iface, address, lastSeconds }) =>
        `MAC ${mac} on ${iface} claims ${address} too, last ${inWords(lastSeconds)} ago`,
    ),
  ];
  const rest = notes.length === 0 ? "" : `\n\n${notes.join("\n")}`;
  return `${head}${hooksInWords(status.hooks)}\n\n${table(heading, rows)}${rest}`;
}

/** A line of its own, as soon as there is something to say. */
function hooksInWords({ waiting, running, failed, superseded, fifoMissed, lastFailure }: Status["hooks"]): string {
  const said = [
    ...(waiting > 0 ? [`${waiting} waiting or running${running.length > 0 ? ` (${running.join(", ")})` : ""}`] : []),
    ...(superseded > 0 ? [`${superseded} overtaken`] : []),
    ...(failed > 0 ? [`${failed} failed, the last: ${lastFailure}`] : []),
    ...(fifoMissed > 0 ? [`${fifoMissed} line(s) a FIFO did not take`] : []),
  ];
  return said.length === 0 ? "" : `\nhooks: ${said.join("; ")}`;
}

function row(router: RouterStatus): string[] {
  const { master } = router;
  return [
    router.name,
    router.interface,
    String(router.vrid),
    router.family === "ipv4" ? "v4" : "v6",
    router.state.toUpperCase(),
    inWords(router.forSeconds),
    String(router.priority),
    master === null ? "-" : master.self ? "self" : `${master.address} (${master.priority})`,
    router.virtualAddresses.join(", "),
    router.because,
  ];
}
