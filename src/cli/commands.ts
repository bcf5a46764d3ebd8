/** The commands of `longhand`, in the order of the help. Each is loaded when it is run. */
import type { Command, Flag } from './command.js';
import { targets } from './convert/targets.js';
import { PURCHASE } from './purchase/arguments.js';

const MISSING: Flag = {
  value: 'TEXT',
  about: 'what else stands for a missing value, beside nothing; again for more',
  many: true,
};

export const commands: readonly Command[] = [
  {
    name: 'train',
    about: 'Learns a column of a table, a series, an event log, or how a text is written.',
    operands: ['FILE'],
    details: [
      'FILE is CSV with a header, - for the standard input. With --target one column is learned from the others; with',
      '--horizon too, it is a series, of which the steps to come are learned; with --entity and --time it is a log of',
      'events, and who has one within some weeks is learned; with none of them FILE is a text. What is chosen is',
      'printed; so is how good the model is on what it has not seen, beside the simplest answers.',
    ],
    flags: {
      target: { value: 'COLUMN', about: 'what to learn; none for a log or a text' },
      horizon: {
        value: 'N',
        about: 'of a series: how many steps to foretell; of events: how many weeks (4)',
      },
      time: { value: 'COLUMN', about: 'the column that says when (of a series: the only one of dates)' },
      entity: { value: 'COLUMN', about: 'of events: the column that says whose each is' },
      amount: { value: 'COLUMN', about: 'of events: a column of numbers to learn from too' },
      absent: { about: 'of events: learn who has none, not who has one' },
      input: { value: 'N', about: 'of a series: how many steps the model sees' },
      period: { value: 'N', about: 'of a series: after how many steps it repeats (found by its times)' },
      text: { value: 'COLUMN', about: 'learn from the words of this column alone' },
      ignore: { value: 'COLUMN', about: 'leave this column out; again for more', many: true },
      task: {
        value: 'TASK',
        about: 'what the target is, where it is not clear',
        choices: ['classify', 'regress'],
      },
      missing: MISSING,
      test: { value: 'SHARE', about: 'the share of the rows to measure with (0.2)' },
      epochs: {
        value: 'N',
        about: 'passes over the data, at most (100)',
      },
      units: { value: 'N', about: 'units of the hidden layer (32; texts 128)' },
      rate: { value: 'X', about: 'the learning rate (0.003)' },
      seed: { value: 'N', about: 'the same seed gives the same model (42)' },
      out: { value: 'FILE', about: 'where the model goes (model.safetensors)' },
      json: { about: 'the result as JSON' },
    },
    examples: [
      'longhand train customers.csv --target churned --ignore id --out churn.safetensors',
      'longhand train reviews.csv --target stars --text review',
      'longhand train sales.csv --target sold --horizon 12',
      'longhand train orders.csv --entity customer --time date --amount total --horizon 8',
      'longhand train book.txt --out book.safetensors',
    ],
    load: () => import('./commands/train.js'),
  },
  {
    name: 'predict',
    about:
      'Writes the rows of a table with what a model says of each, the steps of a series to come, or who of a log will be back.',
    operands: ['MODEL', '[FILE]'],
    flags: {
      steps: { value: 'N', about: 'of a series: how many to foretell (as many as it was trained for)' },
      out: { value: 'FILE', about: 'where the rows go (the standard output)' },
      json: { about: 'a line of JSON a row in place of CSV' },
      missing: MISSING,
    },
    examples: [
      'longhand predict churn.safetensors new.csv > answers.csv',
      'longhand predict sales.safetensors --steps 6',
    ],
    load: () => import('./commands/predict.js'),
  },
  {
    name: 'evaluate',
    about: 'Says how good a model is on a table or series that has the answers, beside the simplest ones.',
    operands: ['MODEL', '[FILE]'],
    flags: { json: { about: 'as JSON' }, missing: MISSING },
    examples: ['longhand evaluate churn.safetensors march.csv'],
    load: () => import('./commands/evaluate.js'),
  },
  {
    name: 'inspect',
    about: 'Shows what is in a model file: layers, shapes, weights and how they are spread.',
    operands: ['MODEL'],
    flags: {
      json: { about: 'as JSON, for programs' },
      weights: { about: 'each weight with its histogram, not the layers alone' },
    },
    examples: [
      'longhand inspect model.safetensors --weights',
      'longhand inspect - --json < model.safetensors',
    ],
    load: () => import('./commands/inspect.js'),
  },
  {
    name: 'export',
    about:
      'Makes a model one ES module, with its weights and the code that it needs: no import, in browsers too.',
    operands: ['MODEL'],
    flags: {
      standalone: { about: 'the module, which has a predict and, for models that can, a push for one step' },
      out: { value: 'FILE', about: 'where to write it (the standard output)' },
    },
    examples: ['longhand export --standalone model.safetensors --out model.js'],
    load: () => import('./commands/export.js'),
  },
  {
    name: 'convert',
    about: 'Makes a model of one system that of another: ONNX, PyTorch, Keras, TensorFlow.js.',
    operands: ['IN', 'OUT'],
    details: [
      'What a file is shows in its name: .onnx; .pt, .pth; .keras, .h5; .safetensors; model.json, or a folder, for',
      'TensorFlow.js. A state dict has weights and no layers: --like MODEL says what they are the weights of.',
    ],
    flags: {
      to: { value: 'FORMAT', about: 'what OUT is to be, where its name does not say', choices: targets },
      like: { value: 'MODEL', about: 'a model of the same layers, for a state dict' },
    },
    examples: [
      'longhand convert model.safetensors model.onnx',
      'longhand convert weights.pt model.safetensors --like untrained.safetensors',
    ],
    load: () => import('./commands/convert.js'),
  },
  {
    name: 'quantize',
    about: 'Writes a model with its weights in fewer bits, and says what that costs.',
    operands: ['MODEL', 'OUT'],
    flags: {
      to: { value: 'FORMAT', about: 'the weights (int8)', choices: ['float16', 'bfloat16', 'int8'] },
      data: { value: 'FILE', about: 'a table with the answers, to measure before and after' },
      missing: MISSING,
      json: { about: 'as JSON' },
    },
    examples: ['longhand quantize churn.safetensors small.safetensors --to int8 --data march.csv'],
    load: () => import('./commands/quantize.js'),
  },
  {
    name: 'generate',
    about: 'Writes text with a model of characters.',
    operands: ['MODEL'],
    flags: {
      prompt: { value: 'TEXT', about: 'what to write on from (a new line)' },
      length: { value: 'N', about: 'how many characters (300)' },
      temperature: { value: 'T', about: 'below 1 more likely ones, above 1 less likely ones (0.8)' },
      'top-k': { value: 'K', about: 'draw from the K likeliest' },
      'top-p': { value: 'P', about: 'draw from the likeliest that make up this share' },
      seed: { value: 'N', about: 'the same seed writes the same text' },
      json: { about: 'as JSON' },
    },
    examples: ['longhand generate book.safetensors --prompt It_was --length 500'],
    load: () => import('./commands/generate.js'),
  },
  { ...PURCHASE, load: () => import('./purchase/job.js') },
];
