/** The layers of a sequential model, checked. */
import { ConfigError } from '../core/errors.js';
import type { CoreLayer } from '../layers/core-layer.js';
import { nameLayers } from './graph.js';

/**
 * Names the layers.
 *
 * @throws ConfigError for two layers of one name, or layers that cannot stand one behind the other
 */
export function checkStack(stack: readonly CoreLayer[]): void {
  if (stack.slice(1).some(({ rowShape }) => rowShape !== undefined)) {
    throw new ConfigError('an input comes first in a model, before all other layers');
  }
  nameLayers([...new Set(stack)]);
  const several = stack.find(({ outputCount }) => outputCount > 1);
  if (several) {
    throw new ConfigError(
      `${several.name} has ${several.outputCount} outputs, and a chain has no place for more than one: ` +
        'write model({ inputs, outputs })',
    );
  }
}
