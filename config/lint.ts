// What is allowed and probably not meant.

import { familyOf, type IpAddress, isMulticast } from "../agent/core/address.ts";
import { inSeconds, microseconds, seconds } from "../agent/core/time.ts";
import type { Declaration, DeclaredAddress, DeclaredInstance, DeclaredScript, DeclaredTrack } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";

/** From here on a check is slower than people expect a failover to be. */
const SLOW = seconds(60);

/** Reports what will not do what it seems to. */
export function lint({ globals, instances, scripts }: Declaration, report: Report): void {
  for (const instance of instances) {
    ownInterface(instance, report);
    patience(instance, globals.linkDelays, report);
    stateMaster(instance, report);
    weights(instance, report);
    for (const one of [...instance.addresses, ...instance.excluded]) ofNobody(one, report);
  }
  for (const script of scripts) rhythm(script, report);
}

function ownInterface({ tracks, interface: own }: DeclaredInstance, report: Report): void {
  const line = tracks.interfaces.find(({ name }) => name === own);
  if (line !== undefined)
    report(
      problem(
        "H0213",
        line.place,
        `${line.name} is the instance's own interface, which is tracked anyway`,
        "remove the line",
      ),
    );
}

/** B10.9: whoever believes in a link for longer than others wait for its advertisements is a second Master. */
function patience(
  { name, interface: own, downTimerAdverts, adverInterval }: DeclaredInstance,
  delays: Declaration["globals"]["linkDelays"],
  report: Report,
): void {
  const delay = own === null ? undefined : delays[own];
  const bound = microseconds((downTimerAdverts - 1) * adverInterval);
  if (own === null || delay === undefined || delay.down < bound) return;
  report(
    problem(
      "H0307",
      delay.place,
      `${own} may be down for ${inSeconds(delay.down)} before ${name} believes it, and after ${inSeconds(bound)} another router may be Master`,
      `write less than ${inSeconds(bound)}, or a longer advert_int`,
    ),
  );
}

function stateMaster({ state, priority, name, place }: DeclaredInstance, report: Report): void {
  if (state !== "MASTER" || priority === 255) return;
  report(
    problem(
      "H0301",
      place,
      `state MASTER of ${name} decides nothing: the highest priority becomes Master`,
      "write state BACKUP on all routers and let the priorities decide",
    ),
  );
}

/** RFC 1122 §3.2.1.3, RFC 4291 §2.5: addresses that no host asks its link for. */
function ofNobody({ address, prefixLength, autojoin, place }: DeclaredAddress, report: Report): void {
  if (prefixLength === 0)
    report(
      problem(
        "H0313",
        place,
        `${address}/0: its network is every ${familyOf(address) === "ipv4" ? "IPv4" : "IPv6"} address there is`,
        `write the prefix length of the link, or ${address} alone`,
      ),
    );
  const kind = isMulticast(address) ? (autojoin ? null : "the address of a group") : kindOf(address);
  if (kind !== null)
    report(
      problem("H0312", place, `${address} is ${kind}: no host looks for it on a link`, "write an address of the link"),
    );
}

function kindOf(address: IpAddress): string | null {
  if (address.startsWith("127.") || address === "::1") return "everybody's own";
  return address.startsWith("0.") || address === "::" || address === "255.255.255.255" ? "nobody's" : null;
}

function weights(instance: DeclaredInstance, report: Report): void {
  for (const [kind, list] of Object.entries(instance.tracks))
    for (const track of list) if (track.weight !== 0) weighs(track, kind === "files", instance, report);
}

function weighs(
  { name, weight, place }: DeclaredTrack,
  ofFile: boolean,
  { preempt, priority, priorityPlace }: DeclaredInstance,
  report: Report,
): void {
  const notes = [noteAt(priorityPlace, "the priority")];
  if (priority === 255) {
    report(
      problem(
        "H0311",
        place,
        `${name}: a weight moves nothing while the priority is 255, the owner's`,
        "give the instance another priority, or the check weight 0",
        notes,
      ),
    );
  } else if (!preempt) {
    report(
      problem(
        "H0303",
        place,
        `${name}: with nopreempt a Master keeps the addresses whatever its priority falls to, so weight ${weight} moves nothing then`,
        "write weight 0, which goes through FAULT, or remove nopreempt",
      ),
    );
  } else if (!ofFile && ((weight > 0 && priority >= 254) || (weight < 0 && priority <= 1))) {
    report(
      problem(
        "H0311",
        place,
        `${name}: priority ${priority} cannot ${weight > 0 ? "rise" : "fall"} any further, so weight ${weight} moves nothing`,
        "leave room between the priority and 1 or 254",
        notes,
      ),
    );
  }
}

function rhythm({ name, interval, timeout, fall, place }: DeclaredScript, report: Report): void {
  if (timeout !== null && timeout >= interval) {
    report(
      problem(
        "H0304",
        place,
        `${name}: a timeout of ${inSeconds(timeout)} is not below the interval of ${inSeconds(interval)}, so one slow run delays the next`,
        "write a timeout below the interval",
      ),
    );
  }
  const slowest = microseconds(interval * fall);
  if (slowest > SLOW)
    report(
      problem(
        "H0305",
        place,
        `${name}: it takes ${fall} failures ${inSeconds(interval)} apart, ${inSeconds(slowest)} in all, until the check is bad`,
        "shorten the interval or fall",
      ),
    );
}
