/** What becomes of what a recurrent layer gives, as far as the layer has to know when it is made. */
import type { SymbolicTensor } from '../../layers/layer.js';
import { type Axis, type Flow, onlyConsumer, type Reading, type Value } from './import-values.js';
import { DOMAIN } from './messages.js';

const merges: Readonly<Record<string, string>> = {
  Reshape: 'concat',
  ReduceSum: 'sum',
  ReduceProd: 'mul',
  ReduceMean: 'ave',
};

/** Of h of every step, or of the last. */
export interface Fate {
  readonly mergeMode: string;
  readonly isCarried: boolean;
  readonly isZeroed: boolean;
  readonly wantsLast: boolean;
}

/** Follows a value through what moves axes, as long as all goes one way. */
export function fateOf(reading: Reading, name: string): Fate {
  let fate: Fate = { mergeMode: 'none', isCarried: false, isZeroed: false, wantsLast: false };
  let next = onlyConsumer(reading, name);
  for (let hops = 0; next !== undefined && hops < 8; hops++) {
    const { operator, domain, attributes } = next;
    const merge = merges[operator];
    if (operator.startsWith('Carry') && domain === DOMAIN) fate = { ...fate, isCarried: true };
    else if (operator === 'Select' && domain === DOMAIN) return { ...fate, isZeroed: true };
    else if (merge !== undefined && fate.mergeMode === 'none') fate = { ...fate, mergeMode: merge };
    else if (operator === 'Gather' && attributes.get('axis')?.value !== 0)
      return { ...fate, wantsLast: true };
    else if (!['Transpose', 'Squeeze', 'Backwards'].includes(operator)) return fate;
    next = onlyConsumer(reading, next.outputs[0] as string);
  }
  return fate;
}

/** States that other layers give, as further inputs. */
export function stateFlows(given: readonly (Value | undefined)[], isTwo: boolean): SymbolicTensor[] {
  const flows = given.filter((value): value is Flow => value?.kind === 'flow');
  const forward = flows.map(({ symbol }) => symbol);
  const backward = flows.map(({ other, symbol }) => other?.symbol ?? symbol);
  return isTwo ? [...forward, ...backward] : forward;
}

interface Made {
  /** What the file calls h of every step, and each state after the last one; empty for what it has not. */
  readonly y: string;
  readonly states: readonly string[];
  /** How many numbers each state has in a row. */
  readonly widths: readonly number[];
  /** The file's axes of both; the directions are one of them where there are two. */
  readonly stepAxes: readonly Axis[];
  readonly rowAxes: readonly Axis[];
  readonly isTwo: boolean;
  readonly mergeMode: string;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  /** Whether the file has the steps in the other order than the layer gives them. */
  readonly isReversed: boolean;
  readonly given: readonly (Value | undefined)[];
}

/** Sets what the layer gives beside what the file calls it. */
export function setOutputs(reading: Reading, x: Flow, outputs: readonly SymbolicTensor[], made: Made): void {
  const { y, states, widths, isTwo, mergeMode, returnSequences, returnState } = made;
  const [units] = widths as [number];
  const rows = (symbol: SymbolicTensor, width: number): Flow => ({
    kind: 'flow',
    symbol,
    shape: [width],
    axes: made.rowAxes,
    mask: [],
  });
  const isSplit = isTwo && mergeMode === 'none';
  const merged = isTwo && !isSplit ? { mergeMode } : {};
  const ends = outputs.slice(isSplit ? 2 : 1);
  const state = (index: number): Flow => ({
    ...rows(ends[index] as SymbolicTensor, widths[index] as number),
    ...(isTwo ? { other: rows(ends[states.length + index] as SymbolicTensor, widths[index] as number) } : {}),
  });
  const sequence = (symbol: SymbolicTensor): Flow => ({
    kind: 'flow',
    symbol,
    shape: [x.shape[0] as number | null, units],
    axes: made.stepAxes,
    mask: x.mask,
    initial: made.given[0],
    ...(x.isCompact ? { isCompact: true } : {}),
    ...(made.isReversed ? { isReversed: true } : {}),
    ...(returnState && !isTwo && !made.isReversed && x.mask.length === 0
      ? { last: ends[0] as SymbolicTensor }
      : {}),
  });
  const make = (symbol: SymbolicTensor) => (returnSequences ? sequence(symbol) : rows(symbol, units));
  const main: Flow = {
    ...make(outputs[0] as SymbolicTensor),
    ...merged,
    ...(isSplit ? { other: make(outputs[1] as SymbolicTensor) } : {}),
  };
  if (returnSequences) reading.set(y, main);
  states.forEach((name, index) => {
    if (name === '') return;
    if (index === 0 && !returnSequences) reading.set(name, main);
    else if (returnState) reading.set(name, state(index));
    else if (index === 0) reading.set(name, main);
  });
}
