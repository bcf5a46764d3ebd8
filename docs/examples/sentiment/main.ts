/**
 * Praise or blame? The words of a sentence do not say: "not bad at all" and "not good at all" have nearly the same ones, and
 * "dull at first, but gripping" and "gripping at first, but dull" have the same ones. An LSTM reads them in their order; two models of
 * bags of words, which have no order, stand beside it.
 *
 * The sentences are drawn from a small grammar, so that it is known what is to be learned: negation, and that what stands behind a
 * "but" decides. The test has sentences that were not learned from, and then some that were written by hand and follow no grammar.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  adam,
  classLabels,
  dense,
  deserializePipeline,
  dropout,
  embedding,
  globalAveragePooling1d,
  type Layer,
  lineChart,
  lstm,
  pipeline,
  readCsv,
  sequential,
  serializePipeline,
  textVectorizer,
} from 'longhand';

const short = process.argv.includes('--short');
const LEARNED = short ? 200 : 3000;
const TESTED = 500;
const EPOCHS = short ? 2 : 12;

const good = 'good great wonderful clever moving funny brilliant charming fresh gripping lovely superb'.split(
  ' ',
);
const bad = 'bad dull boring awful clumsy shallow tedious weak predictable terrible lifeless silly'.split(
  ' ',
);
const things = 'film|story|plot|acting|ending|music|dialogue|second half|cast|first hour'.split('|');
const more = ['', '', 'very ', 'really ', 'quite ', 'so '];

type Verdict = 'blame' | 'praise';

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const random = randomOf(1);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** A clause that praises, or one that blames. */
function clause(praises: boolean): string {
  const [same, opposite] = praises ? [good, bad] : [bad, good];
  const thing = pick(things);
  return pick([
    () => `the ${thing} is ${pick(more)}${pick(same)}`,
    () => `the ${thing} was ${pick(same)} and ${pick(same)}`,
    () => `the ${thing} is not ${pick(opposite)}`,
    () => `the ${thing} was never ${pick(opposite)}`,
    () => `the ${thing} is not ${pick(opposite)} at all`,
    () => `I found the ${thing} ${pick(more)}${pick(same)}`,
    () => `I did not find the ${thing} ${pick(opposite)}`,
    () => (praises ? `I ${pick(['loved', 'enjoyed'])} it` : `I ${pick(['hated', 'regret watching'])} it`),
    () => (praises ? 'I did not hate it' : `I did not ${pick(['love', 'enjoy'])} it`),
  ])();
}

/** A sentence and its verdict. Of two clauses that contradict each other, one decides. */
function draw(): { sentence: string; verdict: Verdict } {
  const praises = random() < 0.5;
  const other = () => clause(!praises);
  const sentence = pick([
    () => clause(praises),
    () => `${clause(praises)} and ${clause(praises)}`,
    () => `${other()}, but ${clause(praises)}`,
    () => `although ${other()}, ${clause(praises)}`,
    () => `${clause(praises)}, although ${other()}`,
    () => `${other()}, yet ${clause(praises)}`,
    () => `${other()} at first, but ${clause(praises)}`,
  ])();
  const mark = pick(['.', '.', '!']);
  return {
    sentence: (sentence[0] as string).toUpperCase() + sentence.slice(1) + mark,
    verdict: praises ? 'praise' : 'blame',
  };
}

const drawn = new Map<string, Verdict>();
while (drawn.size < LEARNED + TESTED) {
  const { sentence, verdict } = draw();
  drawn.set(sentence, verdict);
}
const all = [...drawn].map(([sentence, verdict]) => ({ sentence, verdict }));
const sentencesOf = (rows: typeof all) => rows.map(({ sentence }) => sentence);
const verdictsOf = (rows: typeof all) => rows.map(({ verdict }) => verdict);
const learned = all.slice(0, LEARNED);
const tested = all.slice(LEARNED);
const table = readCsv(readFileSync('by-hand.csv', 'utf8'));
const byHand = [...table.rows()].map(({ sentence, verdict }) => ({
  sentence: sentence as string,
  verdict: verdict as Verdict,
}));

/** A model of the layers between the words' vectors and the verdict, with what its data goes through. */
async function train(layers: Layer[], seed: number) {
  const model = sequential(
    [embedding(120, 16, { maskZero: true }), ...layers, dense(1, { activation: 'sigmoid' })],
    { seed },
  );
  model.compile({
    optimizer: adam({ learningRate: 0.005 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy'],
  });
  const reader = pipeline({
    inputs: textVectorizer({ vocabularySize: 120 }),
    model,
    outputs: classLabels({ classes: ['blame', 'praise'] }),
  });
  await reader.fit(sentencesOf(learned), verdictsOf(learned), { epochs: EPOCHS });
  return reader;
}

/** Naive Bayes: how often each word stands in each kind of sentence, one added to each count. */
function naiveBayes(): (sentences: readonly string[]) => Verdict[] {
  const words = textVectorizer().fit(sentencesOf(learned));
  const counts = { blame: Array(words.size).fill(1), praise: Array(words.size).fill(1) };
  for (const { sentence, verdict } of learned) {
    for (const id of words.transform([sentence])[0] as number[]) counts[verdict][id]++;
  }
  const total = (verdict: Verdict) => counts[verdict].reduce((sum, count) => sum + count, 0);
  const ratio = words.vocabulary.map(
    (_, id) => Math.log(counts.praise[id] / total('praise')) - Math.log(counts.blame[id] / total('blame')),
  );
  return (sentences) =>
    words.transform(sentences).map((ids) => {
      const sum = ids.reduce((before, id) => before + (id === 1 ? 0 : (ratio[id] as number)), 0);
      return sum > 0 ? 'praise' : 'blame';
    });
}

const shareRight = (predict: (sentences: readonly string[]) => Verdict[], rows: typeof all) => {
  const verdicts = predict(sentencesOf(rows));
  return (100 * verdicts.filter((verdict, i) => verdict === rows[i]?.verdict).length) / rows.length;
};

console.log(`${LEARNED} sentences to learn from, such as`);
for (const { sentence, verdict } of learned.slice(0, 4)) console.log(`  ${verdict.padEnd(8)}${sentence}`);

const bagOfWords = await train([globalAveragePooling1d()], 1);
const reader = await train([lstm(24), dropout(0.3)], 1);
const models = {
  'naive Bayes': naiveBayes(),
  'mean of word vectors': bagOfWords.predict,
  'LSTM of 24': reader.predict,
};
console.log(`\n${'right, %'.padEnd(24)}${TESTED} others   ${byHand.length} by hand`);
for (const [name, predict] of Object.entries(models)) {
  const shares = [tested, byHand].map((rows) => shareRight(predict, rows).toFixed(1).padStart(10));
  console.log(`${name.padEnd(24)}${shares.join('   ')}`);
}
const ids = reader.inputs.transform(sentencesOf(byHand)).flat();
const unknown = ids.filter((id) => id === 1).length / ids.length;
console.log(
  `of the words written by hand, ${(100 * unknown).toFixed(0)} % are in no sentence that was learned`,
);

// All of it is in one file: the words, their vectors, the LSTM, the names of the verdicts.
const loaded = deserializePipeline<typeof reader>(serializePipeline(reader));
console.log('\nfrom its file');
const asked = [
  'Not bad at all!',
  'The film is good, but the ending is not.',
  'Dull at first, but I loved it.',
];
loaded.outputs.rank(loaded.predictOutputs(asked)).forEach(([best], i) => {
  console.log(`  ${best?.label.padEnd(8)}${(best?.probability ?? 0).toFixed(2)}   ${asked[i]}`);
});

/** How the verdict changes as the words come in. */
function readAloud(sentence: string): { words: string[]; chances: number[] } {
  const words = reader.inputs.tokens(sentence);
  const live = reader.model.stream();
  const chances = words.map((word) => live.push([reader.inputs.idOf(word)])[0] as number);
  return { words, chances };
}

const shown = [
  'the film is not bad, but I did not enjoy it',
  'the film is dull at first, but I loved it',
].map((sentence) => ({ sentence, ...readAloud(sentence) }));
writeFileSync(
  'picture.svg',
  lineChart({
    title: 'Praise or blame, word by word',
    subtitle: 'how likely the LSTM finds praise once it has read a word',
    xLabel: 'words read',
    yLabel: 'chance of praise',
    lines: shown.map(({ sentence, chances }) => ({
      name: sentence,
      x: chances.map((_, i) => i + 1),
      y: chances,
    })),
    marks: shown.flatMap(({ words, chances }) =>
      words
        .map((text, i) => ({ x: i + 1, y: chances[i] as number, text }))
        .filter(({ text }) => ['bad', 'but', 'enjoy', 'dull', 'loved'].includes(text)),
    ),
  }),
);
