/** The names, those that come again with a number behind them: a layer that is used twice names its state twice. */
export function uniqueNames(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const uses = names.slice(0, i).filter((other) => other === name).length;
    return uses === 0 ? name : `${name} (${uses + 1})`;
  });
}
