// Types only: what the process that runs hooks is asked, and what it answers.

import type { HookCommand, MailConfig, Webhook } from "../core/config.ts";
import type { Ending } from "./queue.ts";

/** A program, and as whom it runs. */
export type Program = HookCommand & {
  /** Root runs nothing that somebody else could change. */
  readonly security: boolean;
  readonly supplementaryGroups: boolean;
  readonly umask: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly input: string;
};

export type Deed =
  | { readonly type: "script"; readonly program: Program }
  | {
      readonly type: "webhook";
      readonly webhook: Webhook;
      readonly event: string;
      readonly attempt: number;
      readonly document: string;
    }
  | {
      readonly type: "mail";
      readonly mail: MailConfig;
      /** Who has not got it; null for everybody. */
      readonly rest: readonly string[] | null;
      readonly event: string;
      readonly subject: string;
      readonly text: string;
    };

export type Order =
  | { readonly type: "run"; readonly id: number; readonly deed: Deed }
  | { readonly type: "supersede" | "stop" | "kill"; readonly id: number }
  | { readonly type: "ping" };

export type Answer =
  | { readonly type: "ended"; readonly id: number; readonly ending: Ending }
  /** The process group of a program that runs; null when that has ended, and what is left of the group is nobody's. */
  | { readonly type: "group"; readonly id: number; readonly group: number | null }
  | { readonly type: "listens" };

/** Where the program was replaced under a living daemon, the next process may be of another release, and say other things. */
export function isAnswer(said: unknown): said is Answer {
  const { type, id, ending, group }: Readonly<Record<string, unknown>> = Object(said);
  if (type === "listens") return true;
  if (typeof id !== "number") return false;
  if (type === "group") return group === null || typeof group === "number";
  return type === "ended" && typeof Object(ending).ok === "boolean" && typeof Object(ending).detail === "string";
}
