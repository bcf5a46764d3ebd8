/** Says on standard error what is being measured, and about how long all of it will still take. */

export class Progress {
  private readonly start = performance.now();
  private done = 0;
  private at = 0;

  /** @param shares  what each task takes, relative to the others */
  constructor(
    private readonly names: readonly string[],
    private readonly shares: readonly number[],
  ) {}

  /** A remark on the task at hand. */
  say(text: string): void {
    console.error(`[${this.at + 1}/${this.names.length}${this.timeLeft()}] ${this.names[this.at]}: ${text}`);
  }

  /** The next task begins. */
  next(): void {
    this.done += this.shares[this.at] ?? 0;
    this.at++;
  }

  private timeLeft(): string {
    if (this.done === 0) return '';
    const all = this.shares.reduce((sum, share) => sum + share, 0);
    const seconds = ((performance.now() - this.start) / 1000) * (all / this.done - 1);
    return seconds < 90 ? `, ${Math.ceil(seconds)} s left` : `, ${Math.ceil(seconds / 60)} min left`;
  }
}
