/**
 * The pages tell the truth: every block of TypeScript or JavaScript compiles under `strict` and runs against the
 * built package, prints what the page says it prints, and every link leads somewhere.
 *
 * A block marked ```ts continued goes on where the block before it on the same page ended. A ```text block below
 * the comment <!-- output --> is what the block above it prints, to the letter.
 */
import { existsSync, symlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  filesIn,
  type Outcome,
  ROOT,
  read,
  runNode,
  runTsc,
  temporaryFolder,
  writeFiles,
} from './support.js';

interface Fence {
  /** The line of the opening fence, counted from 1, and of the closing one. */
  line: number;
  end: number;
  /** What stands behind the opening fence: `ts continued`. */
  info: string;
  text: string;
}

interface Program {
  page: string;
  line: number;
  language: 'ts' | 'js';
  code: string;
  /** What the page says it prints, if it does. */
  output: string | undefined;
}

/** The fenced blocks of a page, of whatever language. */
function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  const lines = markdown.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const opening = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/.exec(lines[i] as string);
    if (opening === null) continue;
    const [, indent, marks, info] = opening as unknown as [string, string, string, string];
    const closing = new RegExp(`^\\s*${marks[0]}{${marks.length},}\\s*$`);
    const start = i;
    for (i++; i < lines.length && !closing.test(lines[i] as string); i++);
    const inside = lines
      .slice(start + 1, i)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    fences.push({ line: start + 1, end: i + 1, info: info.trim(), text: inside.join('\n') });
  }
  return fences;
}

/** The programs of a page. */
function programsOf(page: string, markdown: string): Program[] {
  const lines = markdown.split(/\r?\n/);
  const programs: Program[] = [];
  let above: { program: Program; end: number } | undefined;
  for (const { line, end, info, text } of fencesOf(markdown)) {
    const [language, ...flags] = info.split(/\s+/);
    if (language === 'ts' || language === 'js') {
      const before = programs.at(-1);
      if (flags.includes('continued')) {
        if (before?.language !== language)
          throw new Error(`${page}:${line} continues no block of ${language}`);
        // Output that is shown between two parts comes from the first alone, so both are kept.
        programs.push({ ...before, line, code: `${before.code}\n${text}`, output: undefined });
      } else programs.push({ page, line, language, code: text, output: undefined });
      above = { program: programs.at(-1) as Program, end };
    } else if (language === 'text' && above !== undefined) {
      const between = lines.slice(above.end, line - 1).join('\n');
      if (between.trim() === '<!-- output -->') above.program.output = text;
      above = undefined;
    }
  }
  return programs;
}

/** The name of the anchor that GitHub gives a heading. */
function slugOf(heading: string): string {
  const text = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/<[^>]*>/g, '');
  const kept = text
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation}\- ]/gu, '');
  return kept.trim().replaceAll(' ', '-');
}

/** A page without its blocks of code, with as many lines as before. */
function prose(markdown: string): string {
  const lines = markdown.split(/\r?\n/);
  for (const { line, end } of fencesOf(markdown)) lines.fill('', line - 1, end);
  return lines.join('\n');
}

/** Every place in a page that a link can name behind its `#`. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const text = prose(markdown);
  for (const [, heading] of text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = slugOf(heading as string);
    let name = slug;
    for (let n = 1; anchors.has(name); n++) name = `${slug}-${n}`;
    anchors.add(name);
  }
  for (const [, name] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(name as string);
  return anchors;
}

/** The targets of all links and images of a page. */
function linksOf(markdown: string): { target: string; line: number }[] {
  const text = prose(markdown).replace(/(`+)[^`][\s\S]*?\1(?!`)/g, (code) => code.replace(/[^\n]/g, ' '));
  const inline = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
  const reference = /^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+.*)?$/gm;
  const html = /<(?:a|img)\b[^>]*\b(?:href|src)="([^"]+)"/g;
  return [inline, reference, html].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ 1: target, index }) => ({
      target: target as string,
      line: text.slice(0, index).split('\n').length,
    })),
  );
}

/** The relative links of a page that lead nowhere, each in a sentence; `open` gives the text of a file, if it exists. */
function brokenLinks(page: string, markdown: string, open: (path: string) => string | undefined): string[] {
  const broken: string[] = [];
  for (const { target, line } of linksOf(markdown)) {
    if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target)) continue;
    const [path, anchor] = target.split('#') as [string, string?];
    const file = path === '' ? page : posix.join(posix.dirname(page), decodeURI(path));
    const text = file === page ? markdown : open(file);
    if (text === undefined) broken.push(`${page}:${line} links to ${target}, and there is no ${file}`);
    else if (anchor !== undefined && file.endsWith('.md') && !anchorsOf(text).has(decodeURI(anchor))) {
      broken.push(`${page}:${line} links to ${target}, and ${file} has no heading for it`);
    }
  }
  return broken;
}

const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...filesIn('docs')].filter(
  (path) => path.endsWith('.md') && existsSync(join(ROOT, path)),
);

describe('the pages', () => {
  const programs = PAGES.flatMap((page) => programsOf(page, read(page)));
  const folder = temporaryFolder();
  const outcomes = new Map<Program, Promise<Outcome>>();
  let complaints: string[] = [];

  /** A name for the file of a program that says where it stands: `docs-lstm-line-12`. */
  const stemOf = ({ page, line }: Program) =>
    `${page.replace(/\.md$/, '').replaceAll('/', '-')}-line-${line}`;

  beforeAll(async () => {
    expect(existsSync(join(ROOT, 'dist/index.js')), 'there is no dist: run `npm run build` first').toBe(true);
    writeFiles(folder, {
      'package.json': '{ "type": "module" }',
      'node_modules/.keep': '',
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          target: 'es2022',
          module: 'nodenext',
          moduleDetection: 'force',
          strict: true,
          noEmitOnError: false,
          allowJs: true,
          checkJs: true,
          skipLibCheck: true,
          types: ['node'],
          typeRoots: [join(ROOT, 'node_modules/@types')],
          rootDir: 'pages',
          outDir: 'run',
        },
        include: ['pages'],
      }),
    });
    symlinkSync(ROOT, join(folder, 'node_modules/longhand'), 'junction');
    if (programs.length === 0) return;
    for (const program of programs) {
      writeFiles(folder, { [`pages/${stemOf(program)}.${program.language}`]: program.code });
      writeFiles(folder, { [`${stemOf(program)}/.keep`]: '' });
    }
    const { stdout } = await runTsc(folder);
    complaints = stdout.split('\n').filter((line) => line !== '');

    // Two at a time; each in a folder of its own, so that what one writes is in nobody's way.
    let before: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
    for (const program of programs) {
      const stem = stemOf(program);
      const turn = before[0] as Promise<unknown>;
      const outcome = turn.then(() => runNode([join(folder, `run/${stem}.js`)], join(folder, stem)));
      outcomes.set(program, outcome);
      before = [before[1] as Promise<unknown>, outcome];
    }
  });

  test('are there', () => {
    const expected = [
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'docs/lstm.md',
      'docs/keras.md',
    ];
    expect(expected.filter((page) => !PAGES.includes(page))).toEqual([]);
    expect(programs.length).toBeGreaterThan(0);
  });

  test('hold only code that compiles', () => {
    expect(complaints.filter((line) => !line.startsWith('pages/') && !line.startsWith(' '))).toEqual([]);
  });

  const named = programs.map((program) => [`${program.page}:${program.line}`, program] as const);
  test.each(named)('%s compiles and runs', async (_, program) => {
    const file = `pages/${stemOf(program)}.${program.language}`;
    expect(complaints.filter((line) => line.startsWith(`${file}(`) || line.startsWith(`${file}:`))).toEqual(
      [],
    );
    const { code, stdout, stderr } = (await outcomes.get(program)) as Outcome;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    if (program.output !== undefined) expect(stdout.replace(/\n$/, '')).toBe(program.output);
  });

  test.each(PAGES)('%s has no broken link', (page) => {
    const open = (path: string) => {
      if (!existsSync(join(ROOT, path))) return undefined;
      return path.endsWith('.md') ? read(path) : '';
    };
    expect(brokenLinks(page, read(page), open)).toEqual([]);
  });
});

describe('the reader of pages', () => {
  const page = [
    '# Title',
    '```ts',
    'const a = 1;',
    '```',
    'Text with ```js in the middle.',
    '```ts continued',
    'console.log(a);',
    '```',
    '<!-- output -->',
    '',
    '```text',
    '1',
    '',
    '2',
    '```',
    '```sh',
    'npm test',
    '```',
    '1. In a list:',
    '   ~~~js',
    '   if (true) {',
    '     f();',
    '   }',
    '   ~~~',
    'Some words.',
    '```text',
    'not its output',
    '```',
    '````md',
    '```ts',
    'not code',
    '```',
    '````',
  ].join('\n');

  test('finds the programs, their places, parts and output', () => {
    expect(programsOf('p.md', page)).toEqual([
      { page: 'p.md', line: 2, language: 'ts', code: 'const a = 1;', output: undefined },
      { page: 'p.md', line: 6, language: 'ts', code: 'const a = 1;\nconsole.log(a);', output: '1\n\n2' },
      { page: 'p.md', line: 20, language: 'js', code: 'if (true) {\n  f();\n}', output: undefined },
    ]);
    expect(() => programsOf('p.md', '```ts continued\n```')).toThrow('p.md:1 continues no block of ts');
  });

  test('finds links that lead nowhere, and only those', () => {
    const links = [
      '# One & two: `three`_four',
      '## Again',
      '## Again',
      '<a id="named"></a>',
      '[a](other.md) [b](other.md#a-heading) [c](#one--two-three_four) [d](#again-1) [e](#named) [f](../LICENSE)',
      '[x](missing.md) ![y](missing.png "title") [z](other.md#no) [v](#no)',
      '`[in code](no.md)` [mail](mailto:a@b.c) [web](https://example.org/no.md#x)',
      '[ref]: absent.md',
      '<img src="gone.svg">',
      '```md',
      '[in a block](no.md)',
      '# Not a heading',
      '```',
      '[w](#not-a-heading)',
    ].join('\n');
    const files: Record<string, string> = { 'docs/other.md': '### A heading', LICENSE: '' };
    expect(brokenLinks('docs/p.md', links, (path) => files[path]).sort()).toEqual([
      'docs/p.md:14 links to #not-a-heading, and docs/p.md has no heading for it',
      'docs/p.md:6 links to #no, and docs/p.md has no heading for it',
      'docs/p.md:6 links to missing.md, and there is no docs/missing.md',
      'docs/p.md:6 links to missing.png, and there is no docs/missing.png',
      'docs/p.md:6 links to other.md#no, and docs/other.md has no heading for it',
      'docs/p.md:8 links to absent.md, and there is no docs/absent.md',
      'docs/p.md:9 links to gone.svg, and there is no docs/gone.svg',
    ]);
  });
});
