/** A model of a table: how it is made, trained, kept in a file, and asked. */
import { FormatError } from '../../core/errors.js';
import {
  adam,
  type ClassLabels,
  dense,
  deserializePipeline,
  dropout,
  earlyStopping,
  embedding,
  type Layer,
  lstm,
  type Model,
  type Pipeline,
  pickRows,
  pipeline,
  readPreparation,
  type Scaler,
  sequential,
  serializePipeline,
  splitByGroup,
  stratifiedSplit,
  type Table,
  type Tensor,
} from '../../index.js';
import type { Progress } from '../../training/progress.js';
import { type Inputs, textsOf } from './columns.js';
import { type Score, scoreClasses, scoreNumbers } from './scores.js';
import { readTarget, type Target, type Task } from './target.js';

const WORD_VECTOR = 32;
const PATIENCE = 10;

export interface Settings {
  readonly units: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
  /** The share of the rows that is kept to measure with. */
  readonly testShare: number;
  readonly onProgress: (progress: Progress) => void;
  /** Is told the model before it is trained. */
  readonly onStart: (model: Model) => void;
}

/** What the file says of the table, beside the pipeline. */
export interface About {
  readonly job: 'table';
  readonly target: string;
  readonly task: Task;
  /** The column whose texts it reads; null where it reads features. */
  readonly text: string | null;
  /** What the simplest answer needs: the share of each class, or the mean. */
  readonly base: readonly number[];
}

type TablePipeline = Pipeline<never, ClassLabels | Scaler>;

/** A model of a table that has been trained. */
export interface TableModel {
  readonly pipe: TablePipeline;
  readonly about: About;
}

/** Trains on most rows, and measures on those that are left. */
export async function trainTable(
  table: Table,
  inputs: Inputs,
  { name, target }: { readonly name: string; readonly target: Target },
  settings: Settings,
): Promise<{ readonly bytes: Uint8Array; readonly scores: readonly Score[]; readonly epochs: number }> {
  const { testShare, seed, units, learningRate, onProgress, onStart } = settings;
  const rows = table.length;
  const draw = { testShare, seed };
  const { train, test } =
    target.task === 'classify'
      ? stratifiedSplit(target.values, draw)
      : splitByGroup(
          Array.from({ length: rows }, (_, row) => row),
          draw,
        );
  const [learned, measured] = [table.pick(train), table.pick(test)];
  const read = (part: Table) => (inputs.of === 'texts' ? textsOf(part, inputs.column) : part);
  inputs.encoder.fit(read(learned) as never);
  const outputs = target.encoder;
  outputs.fit(pickRows(target.values as never, train) as never);
  const layers = layersFor(inputs, outputs, units);
  const model = sequential(layers, { seed });
  model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: lossFor(outputs) });
  const pipe = pipeline({ inputs: inputs.encoder as never, model, outputs }) as unknown as TablePipeline;
  onStart(model);
  const history = await pipe.fit(read(learned) as never, pickRows(target.values as never, train) as never, {
    epochs: settings.epochs,
    validationSplit: 0.15,
    callbacks: [earlyStopping({ monitor: 'val_loss', patience: PATIENCE, restoreBestWeights: true })],
    onProgress,
  });
  const about: About = {
    job: 'table',
    target: name,
    task: target.task,
    text: inputs.of === 'texts' ? inputs.column : null,
    base: baseOf(target, outputs, train),
  };
  return {
    bytes: serializePipeline(pipe as never, { about: { ...about } }),
    scores: scoreTable({ pipe, about }, measured),
    epochs: history.epoch.length,
  };
}

function layersFor(inputs: Inputs, outputs: ClassLabels | Scaler, units: number): Layer[] {
  const head = isLabels(outputs)
    ? outputs.size === 2
      ? dense(1, { activation: 'sigmoid' })
      : dense(outputs.size, { activation: 'softmax' })
    : dense(1);
  if (inputs.of === 'texts') {
    const words = embedding(inputs.encoder.size, WORD_VECTOR, { maskZero: true });
    return [words, lstm(units), dropout(0.2), head];
  }
  return [dense(units, { activation: 'relu' }), dropout(0.1), head];
}

function lossFor(outputs: ClassLabels | Scaler) {
  if (!isLabels(outputs)) return 'meanSquaredError';
  return outputs.size === 2 ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy';
}

function isLabels(outputs: ClassLabels | Scaler): outputs is ClassLabels {
  return outputs.kind === 'classLabels';
}

function baseOf(target: Target, outputs: ClassLabels | Scaler, train: ArrayLike<number>): number[] {
  const rows = Array.from(train);
  if (target.task === 'regress') {
    return [rows.reduce((sum, row) => sum + (target.values[row]?.[0] as number), 0) / rows.length];
  }
  const { classes } = outputs as ClassLabels;
  return classes.map((name) => rows.filter((row) => target.values[row] === name).length / rows.length);
}

/** How good the model is on a table that has the target. */
export function scoreTable(model: TableModel, table: Table): Score[] {
  const { pipe, about } = model;
  const target = readTarget(table, about.target, about.task);
  if (target.task === 'regress') {
    const values = target.values.map(([value]) => value as number);
    return scoreNumbers(values, answers(model, table).map(Number), about.base[0] as number);
  }
  const labels = pipe.outputs as ClassLabels;
  return scoreClasses(labels.transform(target.values), probabilities(model, table), about.base);
}

/** What the model says of each row: a class, or a number. */
export function answers({ pipe, about }: TableModel, table: Table): (string | number)[] {
  const predicted = pipe.predict(inputsOf(about, table)) as unknown;
  if (about.task === 'classify') return predicted as string[];
  return Array.from((predicted as Tensor).data);
}

/** How likely each class of each row is, in the order of the classes. */
export function probabilities({ pipe, about }: TableModel, table: Table): number[][] {
  const { data, shape } = pipe.predictOutputs(inputsOf(about, table)) as Tensor;
  const width = shape[1] as number;
  return Array.from({ length: shape[0] as number }, (_, row) => {
    const found = Array.from(data.subarray(row * width, (row + 1) * width));
    return width > 1 ? found : [1 - (found[0] as number), found[0] as number];
  });
}

function inputsOf({ text }: About, table: Table): never {
  return (text === null ? table : textsOf(table, text)) as never;
}

/** @throws FormatError for a file that holds no model of a table */
export function readTableModel(bytes: Uint8Array): TableModel {
  const { about } = (readPreparation(bytes) ?? {}) as { readonly about?: Partial<About> };
  const { job, target, task, text, base } = about ?? {};
  const isSound =
    job === 'table' &&
    typeof target === 'string' &&
    (task === 'classify' || task === 'regress') &&
    (text === null || typeof text === 'string') &&
    Array.isArray(base) &&
    base.every((value) => typeof value === 'number');
  if (!isSound) {
    throw new FormatError('it holds a model, but not one of a table that longhand train made');
  }
  const pipe = deserializePipeline<TablePipeline>(bytes);
  const kind = task === 'classify' ? 'classLabels' : 'standardScaler';
  if ((pipe.outputs as { kind?: string } | undefined)?.kind !== kind || pipe.inputs === undefined) {
    throw new FormatError('its columns and its model do not belong together');
  }
  return { pipe, about: { job, target, task, text: text ?? null, base } };
}
