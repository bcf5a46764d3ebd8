#!/usr/bin/env node
/**
 * `longhand COMMAND ...`: results on the standard output, progress and mistakes on the standard error. It ends with 0
 * where the work is done, with 2 where what was given cannot be used: the command line, a file, its data; and with 1 where
 * the work itself failed.
 */
import { LonghandError, NumericError } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import { isSystemError } from '../node/files.js';
import { type Command, columns, helpOf, parse, UsageError } from './command.js';
import { commands } from './commands.js';
import { completionOf } from './completion.js';
import { listenToInterrupts } from './interrupt.js';
import { version } from './package-file.js';

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;

async function main([first, ...rest]: readonly string[]): Promise<void> {
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    const command = rest[0] === undefined ? undefined : find(rest[0]);
    process.stdout.write(command ? helpOf(command) : overview());
    if (first === undefined) process.exitCode = EXIT_BAD_INPUT;
    return;
  }
  if (first === '--version' || first === '-v') {
    console.log(await version());
    return;
  }
  if (first === 'completion') {
    process.stdout.write(completionOf(rest, commands));
    return;
  }
  await run(find(first), rest);
}

async function run(command: Command, argv: readonly string[]): Promise<void> {
  const given = parse(command, argv);
  if (given.has('help')) {
    process.stdout.write(helpOf(command));
    return;
  }
  const { run: work } = await command.load();
  await work(given);
}

function find(name: string): Command {
  const command = commands.find((each) => each.name === name);
  if (command) return command;
  const known = [...commands.map((each) => each.name), 'completion'];
  throw new UsageError(`${unknownName('the command', name, known).message}; longhand --help lists them`);
}

function overview(): string {
  return `${[
    'Trains and runs LSTMs on tables, series, event logs and texts.',
    '',
    '  longhand COMMAND ...',
    '',
    ...columns([
      ...commands.map(({ name, about }) => [name, about] as const),
      ['completion', 'Prints the completion for a shell: bash or zsh.'],
    ]),
    '',
    ...columns([
      ['COMMAND --help', 'what a command takes, with an example'],
      ['--version', 'the version of this program'],
    ]),
  ].join('\n')}\n`;
}

listenToInterrupts();
// Who reads the output through `head` has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof LonghandError || isSystemError(error))) throw error;
  console.error(`longhand: ${error.message.replace(/\p{Cc}+/gu, ' ')}`);
  process.exitCode = error instanceof NumericError ? EXIT_FAILED : EXIT_BAD_INPUT;
});
