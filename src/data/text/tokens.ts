/**
 * Texts cut into tokens: characters, which are Unicode's code points and never halves of them, or words, found by the
 * rules of UAX #29 (https://unicode.org/reports/tr29/) and, where words are written without spaces, by the engine's
 * dictionaries: both are in `Intl.Segmenter`.
 */
import { ConfigError } from '../../core/errors.js';

/** What becomes of punctuation: a token of its own, nothing, or a part of the word that it touches. */
export type PunctuationHandling = 'separate' | 'remove' | 'keep';

/** Cuts a text into words and what lies between them. */
export type Segment = (text: string) => Iterable<{ readonly segment: string }>;

const MARK = /^[\p{P}\p{S}]/u;
const EMOJI = /(?=\p{So})\p{Extended_Pictographic}|[\p{Regional_Indicator}\p{Emoji_Modifier}]/u;
const WORD = /[\p{L}\p{N}]/u;
const OPENING = /^[\p{Ps}\p{Pi}]/u;
/** Scripts that put no spaces between words. */
const SPACELESS =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** What is one word, with a mark behind it or not, by the rules of every locale: three quarters of the time are spared. */
const PLAIN = /^([a-z\d]\w*|[a-z]+'[a-z]+)([.,;:!?]?)$/i;
/** White space, and the space of no width that some put where a line may break. */
const SPACE = /[\s\u200b]+/u;

/** Punctuation marks, and symbols such as + and $ but not emoji, which mean something by themselves. */
function isPunctuation(text: string): boolean {
  return MARK.test(text) && !WORD.test(text) && !EMOJI.test(text);
}

/** Whether words are written with spaces between them in the script that a word begins with. */
export function isSpaceless(word: string): boolean {
  return SPACELESS.test(word);
}

/** The code points of a text. Half of a surrogate pair that stands alone counts as one. */
export function charactersOf(text: string, punctuation: PunctuationHandling): string[] {
  const characters = Array.from(text);
  return punctuation === 'remove' ? characters.filter((character) => !isPunctuation(character)) : characters;
}

/** The words of a text, with what the second argument says between or in them; white space is not there. */
export function wordsOf(text: string, punctuation: PunctuationHandling, segment: Segment): string[] {
  const words: string[] = [];
  for (const run of text.split(SPACE)) {
    if (run === '') continue;
    const [, word, mark] = PLAIN.exec(run) ?? [];
    if (word !== undefined) {
      if (punctuation === 'keep') words.push(run);
      else words.push(word);
      if (mark && punctuation === 'separate') words.push(mark);
    } else if (punctuation === 'keep') pushWithPunctuation(words, run, segment);
    else {
      for (const piece of piecesOf(run, segment)) {
        if (punctuation === 'separate' || !isPunctuation(piece)) words.push(piece);
      }
    }
  }
  return words;
}

/**
 * What stands between two spaces is one token, `(well-known)`, but where words are written without spaces: there
 * punctuation goes with the word before it, and an opening bracket with the word behind it. An emoji stands alone.
 */
function pushWithPunctuation(words: string[], run: string, segment: Segment): void {
  let token = '';
  let word = ''; // the last word in the token
  let wasWord = false; // whether the piece before this one was that word
  const flush = () => {
    if (token !== '') words.push(token);
    token = '';
    word = '';
  };
  for (const piece of piecesOf(run, segment)) {
    const isWord = WORD.test(piece);
    if (!isWord && !isPunctuation(piece)) {
      flush();
      words.push(piece);
      wasWord = false;
      continue;
    }
    const isSpacelessHere = word !== '' && (isSpaceless(word) || (isWord && isSpaceless(piece)));
    if ((isWord && wasWord) || (isSpacelessHere && (isWord || OPENING.test(piece)))) flush();
    token += piece;
    if (isWord) word = piece;
    wasWord = isWord;
  }
  flush();
}

/** So many UTF-16 units are cut at once: an engine may need time for each piece that grows with the whole text. */
const WINDOW = 256;

/**
 * The pieces of a run without spaces. All but the last two of a window are final, and the next one begins there: no rule
 * looks farther ahead than over one mark, as in 3.14.
 */
function* piecesOf(run: string, segment: Segment): Generator<string> {
  let at = 0;
  let size = WINDOW;
  while (at < run.length) {
    const pieces = Array.from(segment(run.slice(at, at + size)), (piece) => piece.segment);
    if (at + size < run.length) {
      if (pieces.length <= 2) {
        size *= 2;
        continue;
      }
      pieces.length -= 2;
    }
    for (const piece of pieces) {
      yield piece;
      at += piece.length;
    }
    size = WINDOW;
  }
}

/**
 * How this engine finds words.
 *
 * @throws ConfigError where it cannot
 */
export function wordSegment(locale: string): Segment {
  const { Segmenter } = Intl as Partial<typeof Intl>;
  if (Segmenter === undefined) {
    throw new ConfigError(
      'textVectorizer finds words by Intl.Segmenter, which this engine lacks: take one that has it (Node, and browsers ' +
        'since April 2024), or take characters: { splitWords: false }',
    );
  }
  const segmenter = new Segmenter(locale, { granularity: 'word' });
  return (text) => segmenter.segment(text);
}
