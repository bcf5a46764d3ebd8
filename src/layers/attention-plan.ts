/** How attention is planned, whatever layer it is in. The arithmetic is kernels/attention.ts. */
import type { Edge, PlannedLayer, Planner } from '../backend/plan.js';
import type { Region } from '../core/region.js';
import {
  additiveScoresBackward,
  additiveScoresForward,
  attentionBackward,
  attentionForward,
  attentionSight,
  dotScoresBackward,
  dotScoresForward,
} from '../kernels/attention.js';
import { drawDropoutMask } from './dropout.js';
import type { PreparedWeight } from './weights.js';

export const dotScores = { forward: dotScoresForward, backward: dotScoresBackward };
export const additiveScores = { forward: additiveScoresForward, backward: additiveScoresBackward };

interface AttentionParts {
  readonly query: Edge;
  readonly key: Edge;
  readonly value: Edge;
  readonly scale: PreparedWeight;
  readonly scores: typeof dotScores;
  readonly causal: boolean;
  /** The share of the weights of the mean that is dropped while training. */
  readonly dropout: number;
  readonly output: Edge;
}

/** Where a gradient is added: the edge's own or, where nothing below learns, a place that is read by nobody. */
function gradientOf(planner: Planner, { value, gradient }: Edge): Region {
  return gradient ?? planner.arena.floats(value.length);
}

/** Plans the attention of a query to the real steps of a value. */
export function planAttention(planner: Planner, parts: AttentionParts): Omit<PlannedLayer, 'output'> {
  const { query, key, value, scale, causal, dropout, output } = parts;
  const { batch, steps, features } = value;
  const queries = query.steps;
  const units = query.features;
  const seen = planner.arena.bytes(queries * batch * steps);
  const weights = planner.arena.floats(queries * batch * steps);
  const keep = planner.arena.floats(weights.length);
  const dScores = planner.arena.floats(weights.length);
  const [dQuery, dKey, dValue] = [query, key, value].map((edge) => gradientOf(planner, edge)) as [
    Region,
    Region,
    Region,
  ];
  const scores = planner.backend.bind(parts.scores);
  const kernels = planner.backend.bind({ attentionSight, attentionForward, attentionBackward });
  return {
    forward: (training) => {
      scale.prepare();
      if (training && dropout > 0) drawDropoutMask(planner.random, keep.array, dropout);
      else keep.array.fill(1);
      kernels.attentionSight(query.mask.array, value.mask.array, seen.array, queries, steps, batch, causal);
      scores.forward(
        query.value.array,
        key.value.array,
        scale.value.array,
        seen.array,
        weights.array,
        queries,
        steps,
        batch,
        units,
      );
      kernels.attentionForward(
        weights.array,
        seen.array,
        keep.array,
        value.value.array,
        output.value.array,
        queries,
        steps,
        batch,
        features,
      );
    },
    backward: () => {
      if (!output.gradient) return;
      kernels.attentionBackward(
        weights.array,
        seen.array,
        keep.array,
        value.value.array,
        output.gradient.array,
        dValue.array,
        dScores.array,
        queries,
        steps,
        batch,
        features,
      );
      scores.backward(
        query.value.array,
        key.value.array,
        scale.value.array,
        seen.array,
        dScores.array,
        dQuery.array,
        dKey.array,
        scale.gradient.array,
        queries,
        steps,
        batch,
        units,
      );
    },
  };
}

/** What is wrong with an option of other libraries. */
export const attentionHints = {
  scoreMode: 'attention is the dot product; additiveAttention is the other',
  useCausalMask: 'write causal: true',
};

export const noStream = 'looks at all steps of a sequence together';
