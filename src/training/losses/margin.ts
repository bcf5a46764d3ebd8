/** Losses of a margin: nothing is lost where an answer is right by enough. */
import { hinge as hingeElement, squaredHinge as squaredHingeElement } from '../../kernels/element-losses.js';
import { categoricalHingeBackward, categoricalHingeForward } from '../../kernels/row-losses.js';
import { elementKernels, type Loss, plainLoss } from './loss.js';
import { distribution, signs } from './target-rules.js';

/** `max(0, 1 - s y)`, s being 1 or -1 (a target of 0 is -1 too); the mean over the outputs. */
export function hinge(): Loss {
  return plainLoss({ name: 'hinge' }, (planner) => elementKernels(planner, hingeElement), {
    targets: signs,
  });
}

/** `max(0, 1 - s y)^2`, s being 1 or -1 (a target of 0 is -1 too); the mean over the outputs. */
export function squaredHinge(): Loss {
  return plainLoss({ name: 'squaredHinge' }, (planner) => elementKernels(planner, squaredHingeElement), {
    targets: signs,
  });
}

/** `max(0, 1 + max over k of (1 - t_k) y_k - sum of t_k y_k)`, the target a distribution, such as one-hot. */
export function categoricalHinge(): Loss {
  return plainLoss(
    { name: 'categoricalHinge' },
    ({ backend }) => {
      const kernels = backend.bind({ categoricalHingeForward, categoricalHingeBackward });
      return { forward: kernels.categoricalHingeForward, backward: kernels.categoricalHingeBackward };
    },
    { targets: distribution },
  );
}
