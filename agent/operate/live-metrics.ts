// The part of the page of figures that no log has: this process, its disk, its Redis, its clock.

import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import type { ClockNote } from "../audit/entry.ts";
import type { AgentConfig } from "../core/config.ts";
import type { DropReason } from "../core/event.ts";
import type { AgentState } from "../core/state.ts";
import { redactConfig } from "../log/redact.ts";
import { type Family, joined, labelled, type Sample, sample, spread } from "./exposition.ts";
import type { Meter, RouterMeter } from "./meter.ts";
import { idOf } from "./metrics.ts";
import type { AuditStatus, Surroundings } from "./status.ts";

/** What the daemon knows of itself. */
export type Living = Pick<Surroundings, "version" | "realtime" | "config" | "log" | "dropped" | "hooks" | "audit"> & {
  readonly state: AgentState;
  readonly meter: Meter;
  /** When the process began, in ms since 1970. */
  readonly began: number;
};

const figure = (name: string, type: Family["type"], help: string, samples: Iterable<Sample> | number): Family => ({
  name,
  type,
  help,
  samples: typeof samples === "number" ? [sample(samples)] : samples,
});

export function* liveFamilies(living: Living): Generator<Family> {
  yield* processFamilies(living);
  yield* routerFamilies(living);
  yield* logFamilies(living);
  if (living.audit !== null) yield* auditFamilies(living.audit);
}

function* processFamilies({ version, realtime, config, log, state, meter, began }: Living): Generator<Family> {
  const node_version = process.versions.node;
  yield figure("heird_build_info", "gauge", "What runs.", [sample(1, labelled({ version, node_version }))]);
  const cluster = state.config.audit?.cluster ?? "default";
  const who = labelled({ cluster, node: state.config.audit?.node ?? state.config.routerId, epoch: log.epoch });
  yield figure("heird_info", "gauge", "Who runs it, and which log it writes.", [sample(1, who)]);
  yield figure("heird_config_generation", "gauge", "How many configurations were taken.", config.generation);
  const successful = Number(config.lastReload === "ok" || config.lastReload === NOT_YET);
  yield figure("heird_config_last_reload_successful", "gauge", "0 when the last reload was refused.", successful);
  yield figure(
    "heird_config_last_reload_success_timestamp_seconds",
    "gauge",
    "When a configuration was taken last, at the start or by a reload.",
    config.taken / 1_000,
  );
  const hash = hashOf(state.config);
  yield figure("heird_config_info", "gauge", "Which configuration it has.", [sample(1, labelled({ hash }))]);
  yield figure("heird_realtime", "gauge", "Whether the scheduler gives it SCHED_RR.", Number(realtime));
  yield figure("heird_event_loop_lag_seconds", "histogram", "How late the loop was.", spread(meter.lag));
  yield figure("heird_gc_pause_seconds", "histogram", "How long collections took.", spread(meter.collections));
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  yield figure("process_resident_memory_bytes", "gauge", "Memory in use.", rss);
  yield figure("heird_heap_bytes", "gauge", "Of it what JavaScript holds.", heapUsed);
  yield figure("process_cpu_seconds_total", "counter", "Processor time spent.", (user + system) / 1e6);
  yield figure("process_open_fds", "gauge", "Open descriptors.", descriptors());
  yield figure("process_start_time_seconds", "gauge", "When it began.", began / 1_000);
}

const hashes = new WeakMap<AgentConfig, string>();

/** The same for the same configuration after any restart, on this machine; passwords stand in it as fingerprints. */
function hashOf(config: AgentConfig): string {
  const before = hashes.get(config);
  if (before !== undefined) return before;
  const hash = createHash("sha256")
    .update(JSON.stringify(redactConfig(config, "heird")))
    .digest("hex")
    .slice(0, 16);
  hashes.set(config, hash);
  return hash;
}

/** What the reloader says before it was asked. */
const NOT_YET = "none yet";

/** The listing itself has one, too. */
const descriptors = (): number => readdirSync("/proc/self/fd").length - 1;

function* routerFamilies({ state, meter, dropped, hooks }: Living): Generator<Family> {
  function* each(of: (meter: RouterMeter, id: string) => Iterable<Sample>): Generator<Sample> {
    for (const { config } of state.routers) {
      const known = meter.routers.get(config.key);
      if (known !== undefined) yield* of(known, idOf(config));
    }
  }
  yield figure(
    "heird_vrrp_advert_send_lateness_seconds",
    "histogram",
    "From when an advertisement was due until it was sent.",
    each(({ lateness }, id) => spread(lateness, id)),
  );
  yield figure(
    "heird_vrrp_advert_interarrival_seconds",
    "histogram",
    "Between two advertisements of one Master.",
    each(({ gaps }, id) => spread(gaps, id)),
  );
  yield figure(
    "heird_vrrp_adverts_missed_total",
    "counter",
    "Advertisements of a Master that did not come, by the time that passed.",
    each(({ missed }, id) => [sample(missed, id)]),
  );
  yield figure(
    "heird_vrrp_near_failovers_total",
    "counter",
    "How often a Master was silent for two intervals or longer, and then was not.",
    each(({ near }, id) => [sample(near, id)]),
  );
  yield figure(
    "heird_vrrp_advert_send_errors_total",
    "counter",
    "Advertisements that the kernel refused.",
    each(({ unsent }, id) =>
      [...unsent].sort().map(([errno, count]) => sample(count, joined(id, labelled({ errno })))),
    ),
  );
  yield figure(
    "heird_announcements_sent_total",
    "counter",
    "Gratuitous ARPs and unsolicited neighbour advertisements sent.",
    each(({ announced: { ipv4, ipv6 } }, id) => [
      ...(ipv4 > 0 ? [sample(ipv4, joined(id, 'type="garp"'))] : []),
      ...(ipv6 > 0 ? [sample(ipv6, joined(id, 'type="una"'))] : []),
    ]),
  );
  yield figure(
    "heird_vrrp_advert_errors_total",
    "counter",
    "Datagrams that were refused; they may belong to no router of ours.",
    Object.entries(dropped)
      .sort()
      .flatMap(([iface, reasons]) =>
        (Object.entries(reasons) as [DropReason, number][])
          .sort()
          .map(([reason, count]) => sample(count, labelled({ interface: iface, reason }))),
      ),
  );
  yield figure(
    "heird_check_duration_seconds",
    "histogram",
    "How long a check took to answer.",
    [...meter.checks].sort(byName).flatMap(([check, took]) => [...spread(took, labelled({ check }))]),
  );
  yield figure("heird_notify_queue_length", "gauge", "Hooks that are not over.", hooks.waiting);
  yield figure("heird_notify_fifo_missed_total", "counter", "Lines that a FIFO did not take.", hooks.fifoMissed);
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function* logFamilies({ log, meter: { disk } }: Living): Generator<Family> {
  yield figure("heird_log_head_seq", "gauge", "The last line of the log.", log.head);
  yield figure("heird_log_durable_seq", "gauge", "The last line that is on the disk.", log.durable);
  yield figure("heird_log_queued_bytes", "gauge", "What waits for the disk.", log.queuedBytes);
  yield figure("heird_log_lost_lines_total", "counter", "Lines that were lost because the disk stood still.", log.lost);
  yield figure("heird_log_written_bytes_total", "counter", "What the disk has taken.", disk.counted.bytes);
  yield figure("heird_log_append_seconds", "histogram", "Until a line outlives this process.", spread(disk.appends));
  yield figure("heird_log_fsync_seconds", "histogram", "Until the disk had a batch of lines.", spread(disk.syncs));
  yield figure("heird_log_errors_total", "counter", "Writes that the disk refused.", disk.counted.refusals);
  yield figure(
    "heird_log_write_failing",
    "gauge",
    "1 while the disk refuses to take lines.",
    Number(log.error !== null),
  );
}

function* auditFamilies(audit: AuditStatus): Generator<Family> {
  yield figure("heird_audit_connected", "gauge", "Whether the Redis is there.", Number(audit.connected));
  yield figure("heird_audit_shipped_seq", "gauge", "The last line that the Redis has.", audit.shipped);
  yield figure("heird_audit_durable_seq", "gauge", "The last line that it says is safe.", audit.durable);
  yield figure("heird_audit_lag_events", "gauge", "Lines that it has not.", audit.lagEvents);
  yield figure("heird_audit_lag_seconds", "gauge", "How far it is behind; 0 when it has all.", audit.lagSeconds);
  yield figure("heird_audit_batches_total", "counter", "Batches shipped.", audit.batches);
  yield figure("heird_audit_resyncs_total", "counter", "Times that it had less than it once had.", audit.resyncs);
  yield figure("heird_audit_forks_total", "counter", "Streams of this log with another history.", audit.forks);
  yield figure("heird_audit_missed_lines_total", "counter", "Lines deleted before they were shipped.", audit.missed);
  yield figure("heird_audit_ack_seconds", "gauge", "How long the last batch took to be answered.", audit.ackMs / 1_000);
  yield* clockFamilies(audit.clock);
}

function* clockFamilies({ sync, errUs, offsetUs, offsetErrUs }: ClockNote): Generator<Family> {
  const kernel = 'reference="kernel"';
  const redis = 'reference="redis"';
  const known = (value: number | null, labels: string): readonly Sample[] =>
    value === null ? [] : [sample(value, labels)];
  yield figure(
    "heird_clock_synchronized",
    "gauge",
    "Whether the kernel's clock is disciplined.",
    known(sync === null ? null : Number(sync), kernel),
  );
  yield figure(
    "heird_clock_offset_seconds",
    "gauge",
    "This clock less the other one.",
    known(offsetUs === null ? null : offsetUs / 1e6, redis),
  );
  yield figure("heird_clock_error_seconds", "gauge", "How far that may be off.", [
    ...known(errUs === null ? null : errUs / 1e6, kernel),
    ...known(offsetErrUs === null ? null : offsetErrUs / 1e6, redis),
  ]);
}
