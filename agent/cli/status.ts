// heird status: how the daemon on a state directory is.

import type { Holding, TrackStatus } from "../operate/standing.ts";
import type { RouterStatus, Status } from "../operate/status.ts";
import { askDaemon } from "./ask.ts";
import { EXIT } from "./refusal.ts";
import { inWords, table } from "./table.ts";

export async function status(stateDirectory: string, json: boolean): Promise<number> {
  const answer = (await askDaemon(stateDirectory, "status")) as Status;
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : `${brief(answer)}\n`);
  return EXIT.ok;
}

/** What `heird status` prints for people. */
export function brief(status: Status): string {
  const { log, config } = status;
  const behind = log.head - log.durable;
  const head = [
    `heird ${status.version} on ${status.routerId}${status.instance === "" ? "" : ` (instance ${status.instance})`}`,
    ...(status.netNamespace === "" ? [] : [`in network namespace ${status.netNamespace}`]),
    `up ${inWords(status.upSeconds)}`,
    `config ${config.file} (generation ${config.generation}, last reload: ${config.lastReload.split("\n")[0]})`,
    `log ${log.head + 1} lines, ${behind} behind the disk${log.error === null ? "" : ` (${log.error})`}`,
    status.realtime ? "real-time" : "not real-time",
  ].join("  ");
  const rows = status.instances.map(row);
  const heading = ["Instance", "Iface", "ID", "Fam", "State", "For", "Pri", "Master", "Addresses", "Last change"];
  return `${head}${hooksInWords(status.hooks)}${auditInWords(status.audit)}\n\n${table(heading, rows)}${remarks(status)}`;
}

/** What a row has no room for, and mostly there is nothing. */
function remarks({ waits, instances, settings, claims, duplicates }: Status): string {
  const closed = instances.filter(({ accept }) => !accept).map(({ name }) => name);
  const said = [
    ...waits.map(({ link, forSeconds }) =>
      link === null
        ? `the routers start in ${inWords(forSeconds)} (delay of the startup)`
        : `${link} has changed, and is believed in ${inWords(forSeconds)} (interface_up_down_delays)`,
    ),
    ...instances.flatMap((router) => remarksOn(router).map((remark) => `${router.name}: ${remark}`)),
    ...(closed.length === 0 ? [] : [`no_accept: the addresses of ${closed.join(", ")} answer no ping`]),
    ...settings.map(({ path, before, set }) => `set: ${path} = ${set} (was ${before})`),
    ...duplicates.map((place) => `${place} is not used: somebody else has it (duplicate address detection failed)`),
    ...claims.map(
      ({ mac, interface: iface, address, lastSeconds }) =>
        `MAC ${mac} on ${iface} claims ${address} too, last ${inWords(lastSeconds)} ago`,
    ),
  ];
  return said.length === 0 ? "" : `\n\n${said.join("\n")}`;
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

/** A line of its own where the log is shipped. */
function auditInWords(audit: Status["audit"]): string {
  if (audit === null) return "";
  const { lagEvents, lagSeconds, durability, forks, missed, connected, error, clock } = audit;
  const said = [
    lagEvents === 0 ? "shipped" : `${lagEvents} lines (${inWords(lagSeconds)}) behind`,
    ...(connected ? [`confirmed by ${durability}`] : ["not connected"]),
    ...(error === null ? [] : [error]),
    ...(forks === 0 ? [] : [`FORKED ${forks} time(s): another history of this log is in the Redis`]),
    ...(missed === 0 ? [] : [`${missed} lines were deleted here before they were shipped`]),
    ...(clock.offsetUs === null
      ? []
      : [`clock ${clock.offsetUs / 1_000} ms from the Redis, +-${(clock.offsetErrUs ?? 0) / 1_000} ms`]),
  ];
  return `\naudit: ${said.join("; ")}`;
}

function remarksOn(router: RouterStatus): readonly string[] {
  const { priority, basePriority, tracks, heldBy, group } = router;
  const weighing = tracks.filter(({ adds }) => adds !== null && adds !== 0).map(weighed);
  return [
    ...heldBy.map((holding) => inPlainWords(holding, group)),
    ...(weighing.length > 0 ? [`priority ${priority}: ${basePriority} configured, ${weighing.join(", ")}`] : []),
    ...rivalsOf(router),
    ...router.neighbours.flatMap((neighbour) => differencesOf(router, neighbour)),
  ];
}

/** Who speaks for this virtual router beside its Master: believed, or refused for what differs. */
function rivalsOf({ rival, splitBrain, vrid }: RouterStatus): readonly string[] {
  const said: string[] = [];
  if (rival?.contested === true) {
    const { address, ownAddress, firstSeconds, lastSeconds } = rival;
    const who = ownAddress
      ? `its own address ${address} (a loop, or a duplicate address)`
      : `${address} (${rival.priority})`;
    said.push(`two Masters: ${who}, first heard ${inWords(firstSeconds)} ago, last ${inWords(lastSeconds)} ago`);
  }
  // Somebody of another priority is the rival above.
  if (splitBrain !== null && splitBrain.field !== "priority") {
    const { source, field, detail, secondsAgo } = splitBrain;
    said.push(
      `split brain suspected: ${source} speaks for VRID ${vrid}, too, and is refused: ${field} differs (${detail}), last ${inWords(secondsAgo)} ago`,
    );
  }
  return said;
}

/** What a neighbour that is believed does otherwise, and others might refuse. */
function differencesOf(
  { version, family, checksum }: RouterStatus,
  neighbour: RouterStatus["neighbours"][number],
): readonly string[] {
  const sums = version === 3 && family === "ipv4" && neighbour.checksum !== checksum;
  const [theirs, ours] = neighbour.checksum === "plain" ? ["without", "with"] : ["with", "without"];
  return [
    ...(sums ? [`${neighbour.address} sends the checksum ${theirs} pseudo-header, and this router ${ours}`] : []),
    ...(neighbour.sameAddresses ? [] : [`${neighbour.address} advertises other addresses`]),
  ];
}

const weighed = ({ check, verdict, adds }: TrackStatus): string =>
  `${(adds ?? 0) > 0 ? "+" : ""}${adds} as ${check} is ${verdict}`;

function inPlainWords({ because, what }: Holding, group: string | null): string {
  switch (because) {
    case "link_down":
      return `FAULT: ${what} is down`;
    case "no_primary_address":
      return `FAULT: ${what} has no address to advertise from`;
    case "check_fault":
      return `FAULT: ${what} is bad`;
    case "checks_pending":
      return `waits for the first answer of ${what}`;
    case "group_fault":
      return `FAULT: ${what} of its sync group ${group} is`;
    case "group_backup":
      return `ready to be Master, and waits for ${what} of its sync group ${group}`;
    case "max_failovers":
      return what;
    case "operator":
      return `OUT OF SERVICE: ${what}`;
  }
}

function row(router: RouterStatus): string[] {
  const { master } = router;
  return [
    router.name,
    router.interface,
    String(router.vrid),
    router.family === "ipv4" ? "v4" : "v6",
    `${router.state.toUpperCase()}${router.drained === null ? "" : ", drained"}`,
    inWords(router.forSeconds),
    String(router.priority),
    master === null ? "-" : master.self ? "self" : `${master.address} (${master.priority})`,
    router.virtualAddresses.join(", "),
    router.because,
  ];
}
