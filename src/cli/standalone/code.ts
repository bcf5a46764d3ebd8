/**
 * The part of a bundled script that some of its names need: its statements, each with those that it refers to. The script is
 * as esbuild writes it: every statement of the module begins at the margin, and no name inside of one is that of another.
 */

/** A statement of the module, and the source that it came from. */
interface Statement {
  readonly source: string;
  readonly text: string;
  /** Every word in it. */
  readonly words: ReadonlySet<string>;
}

export interface Code {
  /** What each name that the script exports is called in it. */
  readonly exports: ReadonlyMap<string, string>;
  readonly statements: ReadonlyMap<string, Statement>;
}

export function readCode(script: string): Code {
  const statements = new Map<string, Statement>();
  const exports = new Map<string, string>();
  let source = '';
  let name = '';
  let lines: string[] = [];
  const end = () => {
    const text = lines.join('\n').trimEnd();
    if (name !== '') statements.set(name, { source, text, words: new Set(text.match(/[\w$]+/g)) });
    [name, lines] = ['', []];
  };
  const [body = '', exported = ''] = script.split('\nexport {');
  for (const line of body.split('\n')) {
    const begin = /^(?:async )?(?:function\*?|var|let|const|class) ([\w$]+)/.exec(line);
    const comment = /^\/\/ (\S+)$/.exec(line);
    if (begin || comment) end();
    if (comment) source = comment[1] as string;
    else {
      if (begin) name = begin[1] as string;
      lines.push(line);
    }
  }
  end();
  for (const [, local, as] of exported.matchAll(/([\w$]+)(?: as ([\w$]+))?[,\n]/g)) {
    exports.set(as ?? (local as string), local as string);
  }
  return { exports, statements };
}

/** The statements that the words of a text need, in the order of the script, each source named in front of its own. */
export function codeFor({ statements }: Code, text: string): string {
  const needed = new Set<string>();
  const open: string[] = [...(text.match(/[\w$]+/g) ?? [])];
  for (let word = open.pop(); word !== undefined; word = open.pop()) {
    const statement = statements.get(word);
    if (statement === undefined || needed.has(word)) continue;
    needed.add(word);
    open.push(...statement.words);
  }
  let before = '';
  const lines: string[] = [];
  for (const [name, statement] of statements) {
    if (!needed.has(name)) continue;
    if (statement.source !== before) lines.push('', `// ${statement.source}`);
    lines.push(statement.text);
    before = statement.source;
  }
  return lines.join('\n').trimStart();
}
