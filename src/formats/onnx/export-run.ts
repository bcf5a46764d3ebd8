/** Recurrent layers that are functions of the file: see cells.ts. */
import type { Tensor } from '../../core/tensor.js';
import type { LayerConfig } from '../../layers/layer.js';
import { cells, runName, weightsOfCell } from './cells.js';
import type { Direction, Ran, Scope, Value } from './export-scope.js';

/** The type under which the cell of a layer is known. */
export function cellType({ type, resetAfter }: LayerConfig): string {
  return type === 'gru' && resetAfter === false ? 'gruResetBefore' : type;
}

/** What a number is where the options do not say. */
const otherwise: Readonly<Record<string, number>> = { cellClip: Number.POSITIVE_INFINITY };

/** How wide a state is, where a unit of it is no unit of the layer. */
export function stateWidth({ type, units, projection }: LayerConfig, state: string): number {
  if (state === 'q') return 3 * (units as number);
  return type === 'projectedLstm' && state === 'h' ? (projection as number) : (units as number);
}

/** Writes the call. */
export function writeRun(
  scope: Scope,
  directions: readonly Direction[],
  x: Value,
  states: readonly string[],
): Ran {
  const { w, name } = scope;
  const [{ config }] = directions as [Direction];
  const type = cellType(config);
  const cell = cells[type] as (typeof cells)[string];
  const isTwo = directions.length === 2;
  const way = isTwo ? 'both' : config.goBackwards ? 'reverse' : 'forward';
  const run = runName(
    type,
    cell.activations.map((option) => String(config[option])),
    way,
  );
  const mask = x.mask?.name ?? (w.call('AllSteps', [x.name])[0] as string);
  const weights = directions.flatMap((direction) =>
    weightsOfCell(cell).map((weight) => writeWeight(scope, direction, weight)),
  );
  const numbers = cell.numbers.map((option) => w.number((config[option] ?? otherwise[option]) as number));
  const [y, ...ends] = w.call(run, [x.name, mask, ...states, ...weights, ...numbers], {
    name,
    outputs: [`${name}/y`, ...cell.states.map((state) => `${name}/${state}`)],
  }) as [string, ...string[]];
  return { ends, steps: () => y };
}

/** A weight as it is here; zeros for a bias that there is not. */
function writeWeight({ w, weight, config }: Scope, direction: Direction, localName: string): string {
  const found = weight(`${direction.prefix}${localName}`);
  if (found) {
    const { data, shape } = found;
    return w.floats(`${config.name}/${direction.prefix}${localName}`, Float32Array.from(data), shape);
  }
  const { shape } = weight(`${direction.prefix}kernel`) as Tensor;
  const width = shape[1] as number;
  const axes = cellType(direction.config) === 'gru' ? [2, width] : [width];
  const size = axes.reduce((product, axis) => product * axis, 1);
  return w.floats(`zeros/bias ${axes.join(' ')}`, new Float32Array(size), axes);
}
