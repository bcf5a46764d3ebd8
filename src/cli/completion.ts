/** Completion of command lines, from the table of commands: scripts for bash and zsh. */
import { type Command, flagsOf, UsageError } from './command.js';

const SHELLS = ['bash', 'zsh'] as const;

/**
 * The script for a shell, to be read in by it.
 *
 * @throws UsageError for any other shell
 *
 * @example eval "$(longhand completion bash)"
 */
export function completionOf([shell, ...more]: readonly string[], commands: readonly Command[]): string {
  if (shell === '--help' || shell === '-h') return HELP;
  if (more.length > 0 || !SHELLS.some((known) => known === shell)) {
    throw new UsageError(
      `completion takes one shell behind it, bash or zsh, but got '${[shell, ...more].join(' ')}'`,
    );
  }
  return shell === 'bash' ? bash(commands) : zsh(commands);
}

const HELP = `Prints the completion for a shell: bash or zsh.

  longhand completion SHELL

Examples:
  eval "$(longhand completion bash)"    # in ~/.bashrc
  eval "$(longhand completion zsh)"     # in ~/.zshrc, after compinit
`;

const flagNames = (command: Command) => Object.keys(flagsOf(command)).map((flag) => `--${flag}`);

function bash(commands: readonly Command[]): string {
  const names = [...commands.map(({ name }) => name), 'completion', 'help', '--help', '--version'];
  const cases = commands.flatMap((command) => [
    ...choices(command).map(
      ([flag, values]) => `    ${command.name}:--${flag}) words="${values.join(' ')}" ;;`,
    ),
    `    ${command.name}:*) [[ $current == -* ]] && words="${flagNames(command).join(' ')}" ;;`,
  ]);
  return `${[
    '_longhand() {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" words=""',
    '  if (( COMP_CWORD == 1 )); then',
    `    words="${names.join(' ')}"`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
    '  else case "${COMP_WORDS[1]}:$previous" in',
    ...cases,
    '    completion:*) words="bash zsh" ;;',
    '  esac; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _longhand longhand',
  ].join('\n')}\n`;
}

function zsh(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const described = (name: string, about: string) => quoted(`${name.replaceAll(':', '\\:')}:${about}`);
  const flagSpec = (
    flag: string,
    about: string,
    value: string | undefined,
    values: readonly string[] = [],
  ) => {
    const what = about.replace(/[[\]:]/g, ' ');
    const wanted =
      value === undefined ? '' : `:${value}:${values.length > 0 ? `(${values.join(' ')})` : '_files'}`;
    return quoted(`--${flag}[${what}]${wanted}`);
  };
  return `${[
    '#compdef longhand',
    '_longhand() {',
    '  if (( CURRENT == 2 )); then',
    `    local -a commands=(${commands.map(({ name, about }) => described(name, about)).join(' ')} ${described('completion', 'Prints the completion for a shell')})`,
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words; (( CURRENT-- ))',
    '  case $command in',
    ...commands.map((command) => {
      const specs = Object.entries(flagsOf(command)).map(([flag, { about, value, choices: values }]) =>
        flagSpec(flag, about, value, values),
      );
      return `    ${command.name}) _arguments ${specs.join(' ')} '*:file:_files' ;;`;
    }),
    "    completion) _values 'shell' bash zsh ;;",
    '  esac',
    '}',
    'compdef _longhand longhand',
  ].join('\n')}\n`;
}

/** The flags that have only some values. */
function choices(command: Command): (readonly [flag: string, values: readonly string[]])[] {
  return Object.entries(flagsOf(command)).flatMap(([flag, { choices: values }]) =>
    values ? [[flag, values] as const] : [],
  );
}
