// Programs that are to run as somebody whom this process cannot become: told when a configuration is taken, not
// when the first of them is needed.

import type { AgentConfig, HookCommand, HookConfig } from "../core/config.ts";
import { whoRuns } from "./deeds.ts";

export type Self = { readonly uid: number; readonly name: string };

/** One sentence for each such user; none when we are root, who becomes anybody. */
export function strangersIn({ routers, groups, notify }: AgentConfig, self: Self): readonly string[] {
  if (self.uid === 0) return [];
  const { fifos, startup, shutdown } = notify;
  const commands = [
    ...[...routers, ...groups].flatMap(({ hooks }) => commandsOf(hooks)),
    ...fifos.map(({ script }) => script),
    startup?.command ?? null,
    shutdown?.command ?? null,
  ];
  const first = new Map<string, string>();
  for (const command of commands) {
    const user = command === null ? null : whoRuns(command, notify).user;
    if (command === null || user === null || user === self.name || user === String(self.uid)) continue;
    if (!first.has(user)) first.set(user, command.argv[0] ?? "");
  }
  return [...first].map(
    ([user, program]) =>
      `${program} is to run as ${user}, whom ${self.name} cannot become: it will fail. Write script_user ${self.name}, or run heird as root (deploy/README.md)`,
  );
}

const commandsOf = ({ scripts, preMaster, preBackup }: HookConfig): readonly (HookCommand | null)[] => [
  ...Object.values(scripts),
  preMaster,
  preBackup,
];
