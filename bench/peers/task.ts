/** A part of the bench: some rows of the table, and how they come about. */
import type { Conditions } from './comparison.js';
import { type Command, nodeCommand } from './peer.js';
import type { Row } from './table.js';

export interface Task {
  readonly name: string;
  /** About how many seconds it takes. */
  readonly share: number;
  run(conditions: Conditions): Promise<Result>;
}

export interface Result {
  readonly rows: readonly Row[];
  /** What is behind them, for the file of results. */
  readonly figures: unknown;
}

/** The node that runs the JavaScript sides. */
export interface Runtime {
  readonly node: string;
  readonly major: number;
  /** Whether our side runs on relaxed SIMD where the engine has that behind a flag. */
  readonly relaxed: boolean;
}

/** What our side is run by: flags for what a user does not get by default only where they are asked for. */
export function ownNode({ node, major, relaxed }: Runtime): string[] {
  return relaxed && major < 22 ? [node, '--experimental-wasm-relaxed-simd'] : [node];
}

export function ownCommand(runtime: Runtime, adapter: string): Command {
  return nodeCommand(ownNode(runtime), adapter);
}
