// The sections of a file become its declaration: names resolved whatever their order, defaults
// filled in, everything said about everything.

import { addressLine } from "./addresses.ts";
import { declareChecks } from "./checks.ts";
import type { Declaration, DeclaredGroup, DeclaredInstance } from "./declaration.ts";
import type { DeclaredCheck } from "./declared-checks.ts";
import { problem, type Report } from "./diagnostic.ts";
import { declareGlobals } from "./globals.ts";
import { declareGroups } from "./groups.ts";
import { declareInstance } from "./instance.ts";
import { declareObjects, named, type Objects } from "./objects.ts";
import { declareGarpGroups } from "./pacing.ts";
import { routeLine } from "./routes.ts";
import { ruleLine } from "./rules.ts";
import { entriesOf, readLines, type Section } from "./section.ts";
import { declareServices } from "./services.ts";
import type { Trackable, TrackKind, TrackKinds } from "./tracks.ts";
import type { MtuOf } from "./transport.ts";
import { withVmacNames } from "./vmac.ts";

/** What a configuration says, in full. */
export function declare(root: Section, report: Report, askMtu: MtuOf = () => undefined): Declaration {
  const globals = declareGlobals(root, report);
  // The interfaces of another network are not those of that name here.
  const mtuOf: MtuOf = globals.netNamespace === null ? askMtu : () => undefined;
  const objects = { ...declareObjects(root, report), checks: declareChecks(root, report) };
  const kinds = kindsOf(root, objects);
  const sections = named(root, "vrrp_instance", report);
  const groups = declareGroups(
    root,
    { kinds, globals },
    sections.map(({ label }) => label),
    report,
  );
  const groupOf = new Map(groups.flatMap((group) => group.members.map((member) => [member, group] as const)));
  const declared = sections.map((section) => declareInstance(section, { globals, kinds, groupOf, mtuOf, report }));
  const instances = withVmacNames(declared, globals.vmacPrefix);
  unused(objects, [...instances, ...groups], report);
  return {
    globals,
    instances,
    groups,
    ...objects,
    garpGroups: declareGarpGroups(root, report),
    services: declareServices(root, report),
    statics: {
      addresses: readLines(root, "static_ipaddress", addressLine, report),
      routes: readLines(root, "static_routes", routeLine, report),
      rules: readLines(root, "static_rules", ruleLine, report),
    },
  };
}

type Tracked = Objects & { readonly checks: readonly DeclaredCheck[] };

function kindsOf(root: Section, { scripts, files, processes, bfds, checks }: Tracked): TrackKinds {
  const kind = (what: string, definedBy: string, limit: number, list: readonly Trackable[]): TrackKind => ({
    what,
    definedBy,
    limit,
    known: new Map(list.map((one) => [one.name, one])),
    defined: new Set(entriesOf(root, definedBy).map(({ section }) => section?.label ?? "")),
  });
  return {
    interfaces: { what: "interface", definedBy: null, limit: 253, known: new Map(), defined: new Set() },
    scripts: kind("script", "vrrp_script", 253, scripts),
    files: kind("file", "track_file", 254, files),
    processes: kind("process", "vrrp_track_process", 254, processes),
    bfds: kind("BFD session", "bfd_instance", 253, bfds),
    checks: kind("check", "vrrp_check", 253, checks),
  };
}

type User = Pick<DeclaredGroup, "tracks"> & Partial<Pick<DeclaredInstance, "witnesses">>;

function unused(objects: Tracked, users: readonly User[], report: Report): void {
  const witnesses = users.flatMap((user) => user.witnesses ?? []);
  for (const kind of ["scripts", "files", "processes", "bfds", "checks"] as const) {
    const tracked = users.flatMap(({ tracks }) => tracks[kind]);
    const used = new Set([...tracked, ...(kind === "checks" ? witnesses : [])].map(({ name }) => name));
    for (const { name, place } of objects[kind]) {
      if (!used.has(name))
        report(problem("H0205", place, `${name} is tracked by no instance and no group`, "track it, or remove it"));
    }
  }
}
