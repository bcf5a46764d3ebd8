import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ConfigError,
  DataError,
  dense,
  embedding,
  FormatError,
  lstm,
  restoreTransform,
  ShapeError,
  sequential,
  type TextVectorizer,
  type TextVectorizerOptions,
  tensor,
  textVectorizer,
} from '../../../src/index.js';

const words = (text: string, options: TextVectorizerOptions = {}) => textVectorizer(options).tokens(text);
const characters = (text: string, options: TextVectorizerOptions = {}) =>
  textVectorizer({ splitWords: false, ...options }).tokens(text);

/** Characters that make trouble: halves of pairs, joiners, marks, flags, spaces, scripts without spaces. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom(
      ...['a', 'B', '1', '.', ',', "'", '"', '(', ')', ' ', '\n', '\u200b', '\u0301', '\u200d', '\ud83d'],
      ...[
        '\udc4d',
        '👍',
        '🏽',
        '🇩',
        '🇪',
        '👩‍👩‍👧',
        'é',
        'ß',
        'İ',
        '我',
        '喜',
        '欢',
        '猫',
        'は',
        'カ',
        '。',
        '「',
        'ไ',
        '_',
        '-',
        '+',
      ],
    ),
    maxLength: 40,
  }),
);

describe('words', () => {
  it('are found with their punctuation beside them, removed, or in them', () => {
    const text = "Don't stop: it costs $3.14 (well-known)!";
    expect(words(text)).toEqual([
      ...["don't", 'stop', ':', 'it', 'costs', '$', '3.14', '(', 'well', '-', 'known', ')', '!'],
    ]);
    expect(words(text, { handlePunctuation: 'remove' })).toEqual([
      ...["don't", 'stop', 'it', 'costs', '3.14', 'well', 'known'],
    ]);
    expect(words(text, { handlePunctuation: 'keep' })).toEqual([
      ...["don't", 'stop:', 'it', 'costs', '$3.14', '(well-known)!'],
    ]);
  });

  it('are found in Chinese and Japanese, which put no spaces between them', () => {
    expect(words('我喜欢猫，也喜欢狗。')).toEqual(['我', '喜欢', '猫', '，', '也', '喜欢', '狗', '。']);
    expect(words('私は猫が好きです。', { handlePunctuation: 'remove' })).toEqual([
      ...['私', 'は', '猫', 'が', '好き', 'です'],
    ]);
    expect(words('他说「我喜欢猫」。', { handlePunctuation: 'keep' })).toEqual([
      ...['他', '说', '「我', '喜欢', '猫」。'],
    ]);
  });

  it('have emoji beside them, whole, whatever becomes of punctuation', () => {
    const text = 'great👍🏽 👩‍👩‍👧! 🇩🇪❤️';
    expect(words(text)).toEqual(['great', '👍🏽', '👩‍👩‍👧', '!', '🇩🇪', '❤️']);
    expect(words(text, { handlePunctuation: 'remove' })).toEqual(['great', '👍🏽', '👩‍👩‍👧', '🇩🇪', '❤️']);
    expect(words(text, { handlePunctuation: 'keep' })).toEqual(['great', '👍🏽', '👩‍👩‍👧', '!', '🇩🇪', '❤️']);
  });

  it('are small and composed, unless it is said otherwise', () => {
    expect(words('CAFE\u0301')).toEqual(['caf\u00e9']);
    expect(words('CAFE\u0301', { lowercase: false, normalization: 'none' })).toEqual(['CAFE\u0301']);
    expect(words('ﬁn', { normalization: 'NFKC' })).toEqual(['fin']);
    expect(words('TITLE')).toEqual(['title']);
    expect(words('TITLE', { locale: 'tr' })).toEqual(['tıtle']);
  });

  it('are parted by white space of any kind, and by nothing else that is lost', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const kept = { lowercase: false, normalization: 'none' } as const;
        for (const handlePunctuation of ['separate', 'keep'] as const) {
          const found = words(text, { ...kept, handlePunctuation });
          expect(found.join('')).toBe(text.replace(/[\s\u200b]/gu, ''));
          expect(found).not.toContain('');
        }
      }),
    );
  });

  it('are those of the engine, where only spaces stand beside them', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
    const unit = fc.constantFrom(...'aB3_ \t.,;:!?\'"-()$%@/', 'word', "don't", '3.14', 'a:b');
    const ascii = fc.oneof(fc.string(), fc.string({ unit, maxLength: 12 }));
    fc.assert(
      fc.property(ascii, (text) => {
        const pieces = Array.from(segmenter.segment(text), ({ segment }) => segment);
        const found = pieces.filter((piece) => piece.trim() !== '');
        expect(words(text, { lowercase: false })).toEqual(found);
        const isMark = (piece: string) => /^[^a-z\d]+$/i.test(piece);
        expect(words(text, { lowercase: false, handlePunctuation: 'remove' })).toEqual(
          found.filter((piece) => !isMark(piece)),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('are the same however long the text is around them', () => {
    const sentence = "It's 3.14 o'clock,don't.stop—now 👩‍👩‍👧👍🏽a_b.c@d.ef 'x'";
    const glued = sentence.replaceAll(' ', '/');
    for (const text of [sentence, glued]) {
      const alone = words(`${text}/`, { lowercase: false });
      const many = words(`${text}/`.repeat(50), { lowercase: false });
      expect(many).toEqual(Array(50).fill(alone).flat());
    }
  });

  it('are an error that says so where the engine has no Intl.Segmenter', () => {
    const { Segmenter, ...rest } = Object.getOwnPropertyDescriptors(Intl);
    vi.stubGlobal('Intl', Object.create(Object.prototype, rest as PropertyDescriptorMap));
    expect(() => words('two words')).toThrow(ConfigError);
    expect(() => words('two words')).toThrow('Intl.Segmenter, which this engine lacks');
    expect(characters('ab')).toEqual(['a', 'b']);
  });
  afterEach(() => vi.unstubAllGlobals());
});

describe('characters', () => {
  it('are code points, as they stand', () => {
    expect(characters('Aé👍🏽 \n😀')).toEqual(['A', 'é', '👍', '🏽', ' ', '\n', '😀']);
    expect(characters('e\u0301')).toEqual(['e', '\u0301']);
    expect(characters('\ud83d \udc4d')).toEqual(['\ud83d', ' ', '\udc4d']);
    expect(characters('Ab, c!', { lowercase: true, handlePunctuation: 'remove' })).toEqual([...'ab c']);
  });

  it('come back exactly', () => {
    fc.assert(
      fc.property(
        fc.array(
          anyText.filter((text) => text !== ''),
          { minLength: 1, maxLength: 5 },
        ),
        (texts) => {
          const vectorizer = textVectorizer({ splitWords: false }).fit(texts);
          expect(vectorizer.inverse(vectorizer.transform(texts))).toEqual(texts);
        },
      ),
    );
  });

  it('of very long texts are read in time that grows with their number', () => {
    const text = 'to be, or not to be: 😀 '.repeat(20_000);
    const vectorizer = textVectorizer({ splitWords: false }).fit([text]);
    expect(vectorizer.inverse(vectorizer.transform([text]))).toEqual([text]);
  });
});

describe('very long texts', () => {
  it.each([
    ['with spaces', 'to be or not to be: '.repeat(15_000), 105_000],
    ['without', '我喜欢猫'.repeat(25_000), 75_000],
    ['of one word', 'a'.repeat(1e6), 1],
    ['of one word and a mark', `${'é'.repeat(1e6)}!`, 2],
    ['of marks', '_'.repeat(1e6), 1],
  ])('%s are read in time that grows with their number', (_, text, count) => {
    expect(words(text)).toHaveLength(count);
  });
});

describe('the vocabulary', () => {
  it('has padding, unknown, and the tokens by how often they occur, then by their code', () => {
    const vectorizer = textVectorizer().fit(['b a c', 'c b', 'c d']);
    expect(vectorizer.vocabulary).toEqual(['', '[UNK]', 'c', 'b', 'a', 'd']);
    expect(vectorizer.size).toBe(6);
    expect(vectorizer.transform(['d c x', 'b'])).toEqual([[5, 2, 1], [3]]);
    expect(vectorizer.idOf('a')).toBe(4);
    expect([vectorizer.idOf('x'), vectorizer.idOf('[UNK]'), vectorizer.idOf('')]).toEqual([1, 1, 1]);
    expect(vectorizer.idOf('__proto__')).toBe(1);
  });

  it('does not depend on the order of the texts', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1 }), (texts) => {
        fc.pre(texts.some((text) => words(text).length > 0));
        const [there, back] = [texts, [...texts].reverse()].map((t) => textVectorizer().fit(t).vocabulary);
        expect(there).toEqual(back);
      }),
    );
  });

  it('is cut to a size that counts all ids, and to tokens that occur often enough', () => {
    const texts = ['a a a b b c'];
    expect(textVectorizer({ vocabularySize: 4 }).fit(texts).vocabulary).toEqual(['', '[UNK]', 'a', 'b']);
    expect(textVectorizer({ minCount: 3 }).fit(texts).vocabulary).toEqual(['', '[UNK]', 'a']);
    expect(textVectorizer({ minCount: 9 }).fit(texts).vocabulary).toEqual(['', '[UNK]']);
  });

  it('holds words that objects have of their own', () => {
    const text = '__proto__ constructor hasOwnProperty toString';
    const vectorizer = textVectorizer({ lowercase: false }).fit([text]);
    expect(vectorizer.inverse(vectorizer.transform([text]))).toEqual([text]);
  });

  it('is learned anew by a second fit, and has no token twice', () => {
    const vectorizer = textVectorizer({ handlePunctuation: 'keep', lowercase: false }).fit(['old']);
    expect(vectorizer.fit(['[UNK] new [UNK]']).vocabulary).toEqual(['', '[UNK]', 'new']);
    expect(vectorizer.transform(['[UNK] new old'])).toEqual([[1, 2, 1]]);
  });
});

describe('rows', () => {
  const learned = (options: TextVectorizerOptions): TextVectorizer =>
    textVectorizer(options).fit(['a a a b b c']);

  it('are cut and filled on either side', () => {
    const texts = ['a b c', 'b'];
    expect(learned({}).transform(texts)).toEqual([[2, 3, 4], [3]]);
    expect(learned({ maxSequenceLength: 2 }).transform(texts)).toEqual([[2, 3], [3]]);
    expect(learned({ maxSequenceLength: 2, truncation: 'pre' }).transform(texts)).toEqual([[3, 4], [3]]);
    expect(learned({ padding: 'post' }).transform(texts)).toEqual([
      [2, 3, 4],
      [3, 0, 0],
    ]);
    expect(learned({ padding: 'pre', maxSequenceLength: 4 }).transform(texts)).toEqual([
      [0, 2, 3, 4],
      [0, 0, 0, 3],
    ]);
    expect(learned({ padding: 'post' }).transform([])).toEqual([]);
  });

  it('begin and end with ids of their own where these have names', () => {
    const vectorizer = learned({
      startToken: '[START]',
      endToken: '[END]',
      maxSequenceLength: 4,
      padding: 'post',
    });
    expect(vectorizer.vocabulary).toEqual(['', '[UNK]', '[START]', '[END]', 'a', 'b', 'c']);
    expect(vectorizer.transform(['a b c', 'a', ''])).toEqual([
      [2, 4, 5, 3],
      [2, 4, 3, 0],
      [2, 3, 0, 0],
    ]);
    expect(vectorizer.inverse(vectorizer.transform(['a b c', 'x']))).toEqual(['a b', '[UNK]']);
    expect(learned({ endToken: '$' }).transform(['a'])).toEqual([[3, 2]]);
  });

  it('of texts without a token are an error, or one unknown id', () => {
    expect(() => learned({}).transform(['a', ' \n'])).toThrow(DataError);
    expect(() => learned({}).transform(['a', ' \n'])).toThrow(
      "text 1, ' \\n', has no token: leave it out, or write",
    );
    expect(learned({ whenEmpty: 'unknown' }).transform(['a', ''])).toEqual([[2], [1]]);
  });

  it('go into an embedding as they are, and what pads them changes nothing', () => {
    const texts = ['a b c', 'b', 'c c'];
    const model = sequential([embedding(5, 4, { maskZero: true }), lstm(3), dense(1)], { seed: 1 });
    const [ragged, pre, post] = (['none', 'pre', 'post'] as const).map((padding) =>
      model.predict(learned({ padding }).transform(texts)),
    );
    expect(pre?.data).toEqual(ragged?.data);
    expect(post?.data).toEqual(ragged?.data);
  });
});

describe('words put together again', () => {
  it('are spaced as a reader would', () => {
    const text = "he said: \"stop (now), please!\" 我喜欢猫，天气很好。 don't… 5% of 'x'";
    const vectorizer = textVectorizer().fit([text]);
    expect(vectorizer.inverse(vectorizer.transform([text]))).toEqual([text]);
    expect(vectorizer.inverse([[0, vectorizer.idOf('stop'), 1, 0]])).toEqual(['stop [UNK]']);
    expect(vectorizer.inverse([[], [0, 0]])).toEqual(['', '']);
  });

  it('are cut into the same tokens again, where spaces part them', () => {
    const unit = fc.constantFrom(
      'ab',
      'c',
      "don't",
      '3.14',
      '.',
      ',',
      '(',
      ')',
      '"',
      '-',
      ' ',
      '👍🏽',
      '!',
      '$',
    );
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 12 }), (parts) => {
        const text = parts.join(' ');
        fc.pre(text.trim() !== '');
        const vectorizer = textVectorizer().fit([text]);
        const ids = vectorizer.transform([text]);
        expect(vectorizer.transform(vectorizer.inverse(ids))).toEqual(ids);
      }),
    );
  });

  it('end where the end stands', () => {
    const vectorizer = textVectorizer({ endToken: '$' }).fit(['a b']);
    const [a, b] = ['a', 'b'].map(vectorizer.idOf) as [number, number];
    expect(vectorizer.inverse([[a, 2, b, 2], [b]])).toEqual(['a', 'b']);
  });

  it('are read from what a model predicts, the likeliest id of each real step', () => {
    const vectorizer = textVectorizer({ splitWords: false }).fit(['ab']);
    const scores = [0, 0, 0.9, 0.1, 0.1, 0.2, 0.3, 0.4, 0, 0, 0, 1, Number.NaN, 0, 0, 0];
    expect(vectorizer.inverse(tensor(scores, [2, 2, 4], { lengths: [2, 1] }))).toEqual(['ab', 'b']);
    expect(() => vectorizer.inverse(tensor(scores, [2, 2, 4]))).toThrow('NaN in row 1, step 1');
    expect(() => vectorizer.inverse(tensor(scores, [4, 4]))).toThrow(ShapeError);
    expect(() => vectorizer.inverse(tensor(scores, [4, 4]))).toThrow(
      'takes [?, ?, 4], a score an id, but got [4, 4]',
    );
  });

  it.each([
    [[[2, 9]], 'row 0, step 1 is 9, and ids are whole numbers from 0 to 2'],
    [[[2], [1.5]], 'row 1, step 0 is 1.5'],
    [[[-1]], 'row 0, step 0 is -1'],
    [[2, 3], 'row 0 is 2, not an array of ids: for one row write [[1, 2, 3]]'],
    ['text', "inverse takes rows of ids but got 'text'"],
  ])('are an error for %j', (rows, message) => {
    const vectorizer = textVectorizer().fit(['a']);
    expect(() => vectorizer.inverse(rows as never)).toThrow(DataError);
    expect(() => vectorizer.inverse(rows as never)).toThrow(message);
  });
});

describe('a vectorizer as JSON', () => {
  const options = fc.record<TextVectorizerOptions>(
    {
      splitWords: fc.boolean(),
      handlePunctuation: fc.constantFrom('separate', 'remove', 'keep'),
      lowercase: fc.boolean(),
      normalization: fc.constantFrom('NFC', 'NFKD', 'none'),
      maxSequenceLength: fc.integer({ min: 3, max: 9 }),
      truncation: fc.constantFrom('pre', 'post'),
      padding: fc.constantFrom('none', 'pre', 'post'),
      vocabularySize: fc.integer({ min: 5, max: 20 }),
      minCount: fc.integer({ min: 1, max: 3 }),
      unknownToken: fc.constant('?'),
      startToken: fc.constant('<'),
      endToken: fc.constant('>'),
      whenEmpty: fc.constant('unknown'),
      locale: fc.constant('de'),
    },
    { requiredKeys: ['whenEmpty'] },
  );

  it('is made again with all that it was told and has learned', () => {
    fc.assert(
      fc.property(options, fc.array(anyText), (told, texts) => {
        const vectorizer = textVectorizer(told).fit(['a b', ...texts]);
        const json = JSON.stringify(vectorizer);
        const again = restoreTransform(JSON.parse(json)) as TextVectorizer;
        expect(JSON.stringify(again)).toBe(json);
        expect(again.vocabulary).toEqual(vectorizer.vocabulary);
        expect(again.transform(['a x', ...texts])).toEqual(vectorizer.transform(['a x', ...texts]));
      }),
    );
  });

  it('has learned nothing where it had not', () => {
    const again = restoreTransform(JSON.parse(JSON.stringify(textVectorizer()))) as TextVectorizer;
    expect(again.isFitted).toBe(false);
    expect(again.fit(['a']).isFitted).toBe(true);
  });

  it.each([
    ['an option that is not known', { options: { evil: 1 } }],
    ['an option out of range', { options: { minCount: 0 } }],
    ['no list', { learned: { tokens: 'abc' } }],
    ['a token that is no text', { learned: { tokens: ['a', 1] } }],
    ['a token twice', { learned: { tokens: ['a', 'a'] } }],
    ['a token that is reserved', { learned: { tokens: ['[UNK]'] } }],
    ['an empty token', { learned: { tokens: [''] } }],
    ['too many tokens', { options: { vocabularySize: 3 }, learned: { tokens: ['a', 'b'] } }],
    ['nothing that was learned', { learned: {} }],
  ])('is refused for %s', (_, change) => {
    const json = { kind: 'textVectorizer', options: {}, learned: { tokens: ['a'] }, ...change };
    expect(() => restoreTransform(json)).toThrow(FormatError);
  });
});

describe('an error says what mends it', () => {
  it.each([
    [{ maxTokens: 10 }, "textVectorizer has no option 'maxTokens': write vocabularySize"],
    [{ charLevel: true }, 'write splitWords: false'],
    [{ splitWord: true }, "did you mean 'splitWords'?"],
    [{ splitWords: 1 }, 'splitWords must be true or false but is 1'],
    [{ lowercase: 'yes' }, 'lowercase must be true or false'],
    [{ handlePunctuation: 'removed' }, "handlePunctuation 'removed' is not known: did you mean 'remove'?"],
    [{ handlePunctuation: false }, 'handlePunctuation is one of separate, remove, keep but is false'],
    [{ padding: 'left' }, 'use one of none, pre, post'],
    [{ vocabularySize: 2 }, 'vocabularySize must be a number at least 3'],
    [{ vocabularySize: 4, startToken: '<', endToken: '>' }, 'vocabularySize must be a number at least 5'],
    [{ maxSequenceLength: 0 }, 'maxSequenceLength must be a number at least 1'],
    [{ minCount: 1.5 }, 'minCount must be a whole number'],
    [{ unknownToken: '' }, 'texts that differ'],
    [{ startToken: 'x', endToken: 'x' }, "texts that differ but are '[UNK]', 'x', 'x'"],
    [{ locale: 'no such language' }, "locale is a language such as 'en' but is 'no such language'"],
  ])('for %j', (options, message) => {
    expect(() => textVectorizer(options as never)).toThrow(ConfigError);
    expect(() => textVectorizer(options as never)).toThrow(message);
  });

  it('before fit, and for what are no texts', () => {
    const vectorizer = textVectorizer();
    for (const use of [
      () => vectorizer.size,
      () => vectorizer.vocabulary,
      () => vectorizer.idOf('a'),
      () => vectorizer.transform(['a']),
      () => vectorizer.inverse([[1]]),
    ]) {
      expect(use).toThrow(ConfigError);
      expect(use).toThrow('textVectorizer has learned nothing yet: call fit with the training part first');
    }
    expect(() => vectorizer.fit('a' as never)).toThrow(
      "takes an array of texts but got 'a': for one text write [text]",
    );
    expect(() => vectorizer.fit(['a', undefined as never])).toThrow('text 1 is undefined');
    expect(() => vectorizer.fit(['', ' '])).toThrow(
      'has nothing to learn from: there is no token in an array of 2',
    );
    expect(vectorizer.isFitted).toBe(false);
  });
});
