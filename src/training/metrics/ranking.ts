/**
 * Scores of positives and negatives, and what their order is worth. The area under the ROC curve, exact by rank (Mann
 * and Whitney 1947), and the average precision, n running over the different scores from the highest down:
 *
 *     AUC = P(score of a positive > score of a negative) + 1/2 P(they are equal)
 *     AP = sum over n of (R_n - R_(n-1)) P_n,    R recall and P precision of all that score at least that much
 */

export class Ranking {
  private scores = new Float64Array(0);
  private weights = new Float64Array(0);
  private positive = new Uint8Array(0);
  private count = 0;

  clear(): void {
    this.count = 0;
  }

  /** Makes room for `capacity` scores in all, so that `add` allocates nothing up to there. */
  reserve(capacity: number): void {
    if (capacity <= this.scores.length) return;
    const { scores, weights, positive } = this;
    this.scores = new Float64Array(capacity);
    this.weights = new Float64Array(capacity);
    this.positive = new Uint8Array(capacity);
    this.scores.set(scores);
    this.weights.set(weights);
    this.positive.set(positive);
  }

  add(score: number, positive: boolean, weight = 1): void {
    if (this.count === this.scores.length) this.reserve(Math.max(1024, 2 * this.count));
    this.scores[this.count] = score;
    this.weights[this.count] = weight;
    this.positive[this.count] = positive ? 1 : 0;
    this.count++;
  }

  /** Score, weight and 1 for a positive, of each that was added. */
  state(): Float64Array {
    const { scores, weights, positive, count } = this;
    const state = new Float64Array(3 * count);
    for (let k = 0; k < count; k++) {
      state[3 * k] = scores[k] as number;
      state[3 * k + 1] = weights[k] as number;
      state[3 * k + 2] = positive[k] as number;
    }
    return state;
  }

  /** Goes on from what `state` gave. */
  restore(state: Float64Array): void {
    this.clear();
    for (let k = 0; k + 2 < state.length; k += 3)
      this.add(state[k] as number, state[k + 2] === 1, state[k + 1]);
  }

  /** The weight of all positives. */
  get positiveWeight(): number {
    let sum = 0;
    for (let k = 0; k < this.count; k++) if (this.positive[k] === 1) sum += this.weights[k] as number;
    return sum;
  }

  /** NaN when there are no positives, no negatives, or a score that is NaN. */
  areaUnderCurve(): number {
    let area = 0;
    let negativesBelow = 0;
    let positives = 0;
    const isSound = this.forEachScore(1, (tiedPositives, tiedNegatives) => {
      area += tiedPositives * (negativesBelow + 0.5 * tiedNegatives);
      negativesBelow += tiedNegatives;
      positives += tiedPositives;
    });
    return isSound ? area / (positives * negativesBelow) : Number.NaN;
  }

  /** NaN when there are no positives, or a score that is NaN. */
  averagePrecision(): number {
    let sum = 0;
    let positives = 0;
    let all = 0;
    const isSound = this.forEachScore(-1, (tiedPositives, tiedNegatives) => {
      positives += tiedPositives;
      all += tiedPositives + tiedNegatives;
      if (tiedPositives > 0) sum += (tiedPositives * positives) / all;
    });
    return isSound ? sum / positives : Number.NaN;
  }

  /**
   * Calls `take` with the weights of the positives and negatives of each score, in ascending order where `direction` is
   * 1, in descending order where it is -1. False, with nothing called, when a score is NaN.
   */
  private forEachScore(direction: 1 | -1, take: (positives: number, negatives: number) => void): boolean {
    const { scores, weights, positive, count } = this;
    const order = new Uint32Array(count);
    for (let k = 0; k < count; k++) {
      if (Number.isNaN(scores[k])) return false;
      order[k] = k;
    }
    order.sort((a, b) => direction * ((scores[a] as number) - (scores[b] as number)));
    for (let start = 0; start < count; ) {
      const score = scores[order[start] as number] as number;
      let tiedPositives = 0;
      let tiedNegatives = 0;
      let end = start;
      for (; end < count && scores[order[end] as number] === score; end++) {
        const k = order[end] as number;
        if (positive[k] === 1) tiedPositives += weights[k] as number;
        else tiedNegatives += weights[k] as number;
      }
      take(tiedPositives, tiedNegatives);
      start = end;
    }
    return true;
  }
}
