/**
 * Reads pickles, Python's serialized objects, of protocols 2 to 5, without running anything. A pickle is a program for
 * a small stack machine, and in Python it may import and call whatever it names. Here it can make numbers, texts, lists,
 * tuples and dictionaries; what it imports is looked up in a table that the caller gives, and everything else is
 * refused by its name, before anything is done with it.
 *
 * The machine: https://github.com/python/cpython/blob/main/Lib/pickletools.py, which describes every opcode.
 */
import { FormatError } from '../../core/errors.js';
import { describe } from '../../core/options.js';

/** Dictionaries are Maps, so that no key can be one of an object's own; lists and tuples are arrays. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly PickleValue[]
  | Map<PickleKey, PickleValue>
  | PickleObject;

export type PickleKey = string | number | bigint | boolean | null;

/** What a pickle may name or make beyond Python's own values. */
export abstract class PickleObject {
  abstract readonly kind: string;
}

/** What `module name` stands for: something that can be called, or named only. */
export class PickleGlobal extends PickleObject {
  readonly kind = 'global';
  constructor(
    readonly name: string,
    /** Makes an object of the arguments; missing where it is a name only. */
    readonly call?: (args: readonly PickleValue[]) => PickleValue,
  ) {
    super();
  }
}

export interface PickleRules {
  /** What may be imported, by `module name`. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What stands outside of the pickle under this identifier. */
  readonly load: (id: PickleValue) => PickleValue;
  /** What a message adds where something is imported that is not in the table. */
  readonly hint: string;
}

/** The opcodes that are known, and what does them. */
const OPCODES: ReadonlyMap<number, keyof Machine> = new Map([
  [0x80, 'proto'],
  [0x95, 'frame'],
  [0x28, 'mark'],
  [0x4e, 'none'],
  [0x88, 'newTrue'],
  [0x89, 'newFalse'],
  [0x4b, 'binInt1'],
  [0x4d, 'binInt2'],
  [0x4a, 'binInt'],
  [0x8a, 'long1'],
  [0x47, 'binFloat'],
  [0x8c, 'shortBinUnicode'],
  [0x58, 'binUnicode'],
  [0x8d, 'binUnicode8'],
  [0x55, 'shortBinString'],
  [0x29, 'emptyTuple'],
  [0x85, 'tuple1'],
  [0x86, 'tuple2'],
  [0x87, 'tuple3'],
  [0x74, 'tuple'],
  [0x5d, 'emptyList'],
  [0x61, 'append'],
  [0x65, 'appends'],
  [0x7d, 'emptyDict'],
  [0x73, 'setItem'],
  [0x75, 'setItems'],
  [0x71, 'binPut'],
  [0x72, 'longBinPut'],
  [0x94, 'memoize'],
  [0x68, 'binGet'],
  [0x6a, 'longBinGet'],
  [0x63, 'global'],
  [0x93, 'stackGlobal'],
  [0x52, 'reduce'],
  [0x81, 'reduce'],
  [0x62, 'build'],
  [0x51, 'binPersistentId'],
]);

const STOP = 0x2e;
const OLDEST_PROTOCOL = 2;
const NEWEST_PROTOCOL = 5;
/** No number of a state dict is longer; Python's have no end. */
const LONGEST_INTEGER = 16;

/**
 * The value that a pickle makes.
 *
 * @param file  what a message calls it
 * @throws FormatError when it is cut short, is no pickle, or does what no state dict needs; what that is, is named
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules, file: string): PickleValue {
  return new Machine(bytes, rules, file).run();
}

class Machine {
  private readonly view: DataView;
  private at = 0;
  private stack: PickleValue[] = [];
  /** The stacks that marks have set aside. */
  private readonly aside: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly rules: PickleRules,
    private readonly file: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    if (this.bytes[0] !== 0x80) this.fail('it does not begin with a protocol of 2 or more');
    for (let code = this.uint8(); code !== STOP; code = this.uint8()) {
      const name = OPCODES.get(code);
      if (name === undefined) {
        const shown = `0x${code.toString(16).padStart(2, '0')}`;
        this.fail(`byte ${this.at - 1} is the opcode ${shown}, which no state dict needs`);
      }
      (this[name as keyof Machine] as () => void)();
    }
    if (this.at !== this.bytes.length) this.fail(`${this.bytes.length - this.at} bytes stand behind its end`);
    if (this.aside.length > 0 || this.stack.length !== 1) this.fail('it does not end with one value');
    return this.pop();
  }

  proto(): void {
    const protocol = this.uint8();
    if (protocol >= OLDEST_PROTOCOL && protocol <= NEWEST_PROTOCOL) return;
    this.fail(`it is of protocol ${protocol}, and ${OLDEST_PROTOCOL} to ${NEWEST_PROTOCOL} are read`);
  }

  /** How many bytes come in one piece: nothing that is needed here. */
  frame(): void {
    this.skip(8);
  }

  mark(): void {
    this.aside.push(this.stack);
    this.stack = [];
  }

  none = () => this.push(null);
  newTrue = () => this.push(true);
  newFalse = () => this.push(false);
  binInt1 = () => this.push(this.uint8());
  binInt2 = () => this.push(this.view.getUint16(this.skip(2), true));
  binInt = () => this.push(this.view.getInt32(this.skip(4), true));
  binFloat = () => this.push(this.view.getFloat64(this.skip(8), false));

  /** A whole number in two's complement, the last byte first. */
  long1(): void {
    const length = this.uint8();
    if (length > LONGEST_INTEGER) this.fail(`it holds a whole number of ${length} bytes`);
    const begin = this.skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[begin + i] as number);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    this.push(Number.isSafeInteger(number) ? number : value);
  }

  shortBinUnicode = () => this.push(this.text(this.uint8()));
  binUnicode = () => this.push(this.text(this.uint32()));
  binUnicode8 = () => this.push(this.text(this.uint64()));
  /** A text of Python 2. */
  shortBinString = () => this.push(this.text(this.uint8()));

  emptyTuple = () => this.push([]);
  tuple1 = () => this.push(this.popSome(1));
  tuple2 = () => this.push(this.popSome(2));
  tuple3 = () => this.push(this.popSome(3));
  tuple = () => this.push(this.popMarked());
  emptyList = () => this.push([]);

  append(): void {
    const value = this.pop();
    this.listOnTop().push(value);
  }

  appends(): void {
    const values = this.popMarked();
    const list = this.listOnTop();
    for (const value of values) list.push(value);
  }

  emptyDict = () => this.push(new Map());

  setItem(): void {
    const [key, value] = this.popSome(2);
    this.setInto(this.dictOnTop(), key as PickleValue, value as PickleValue);
  }

  setItems(): void {
    const items = this.popMarked();
    const dict = this.dictOnTop();
    if (items.length % 2 !== 0) this.fail('it gives a dictionary a key without a value');
    for (let i = 0; i < items.length; i += 2) {
      this.setInto(dict, items[i] as PickleValue, items[i + 1] as PickleValue);
    }
  }

  binPut = () => this.remember(this.uint8());
  longBinPut = () => this.remember(this.uint32());
  memoize = () => this.remember(this.memo.size);
  binGet = () => this.recall(this.uint8());
  longBinGet = () => this.recall(this.uint32());

  global(): void {
    const module = this.line();
    this.pushGlobal(module, this.line());
  }

  stackGlobal(): void {
    const [module, name] = this.popSome(2);
    if (typeof module !== 'string' || typeof name !== 'string') this.fail('it imports what has no name');
    this.pushGlobal(module as string, name as string);
  }

  reduce(): void {
    const [callable, args] = this.popSome(2);
    if (!(callable instanceof PickleGlobal) || !callable.call) this.fail('it calls what is no function');
    if (!Array.isArray(args)) this.fail(`it calls ${(callable as PickleGlobal).name} without arguments`);
    this.push(((callable as PickleGlobal).call as NonNullable<PickleGlobal['call']>)(args as PickleValue[]));
  }

  /** Attributes of an object. Those of a dictionary, a state dict's versions of its modules, say nothing of its tensors. */
  build(): void {
    this.pop();
    this.dictOnTop();
  }

  binPersistentId = () => this.push(this.rules.load(this.pop()));

  private pushGlobal(module: string, name: string): void {
    const full = `${module} ${name}`;
    const known = this.rules.globals.get(full);
    if (!known) this.fail(`it asks for ${describe(full.replace(' ', '.'))}, which ${this.rules.hint}`);
    this.push(known as PickleGlobal);
  }

  private push(value: PickleValue): void {
    this.stack.push(value);
  }

  private pop(): PickleValue {
    return this.popSome(1)[0] as PickleValue;
  }

  private popSome(count: number): PickleValue[] {
    if (this.stack.length < count) this.fail(`its stack is empty at byte ${this.at - 1}`);
    return this.stack.splice(this.stack.length - count, count);
  }

  private popMarked(): PickleValue[] {
    const values = this.stack;
    this.stack = this.aside.pop() ?? this.fail(`a mark is missing at byte ${this.at - 1}`);
    return values;
  }

  private top(): PickleValue {
    if (this.stack.length === 0) this.fail(`its stack is empty at byte ${this.at - 1}`);
    return this.stack.at(-1) as PickleValue;
  }

  private listOnTop(): PickleValue[] {
    const list = this.top();
    return Array.isArray(list) ? list : this.fail('it appends to what is no list');
  }

  private dictOnTop(): Map<PickleKey, PickleValue> {
    const dict = this.top();
    return dict instanceof Map ? dict : this.fail('it gives items or attributes to what is no dictionary');
  }

  private setInto(dict: Map<PickleKey, PickleValue>, key: PickleValue, value: PickleValue): void {
    if (typeof key === 'object' && key !== null)
      this.fail('it has a dictionary whose key is no number and no text');
    if (dict.has(key as PickleKey)) this.fail(`it has the key ${describe(key)} twice in one dictionary`);
    dict.set(key as PickleKey, value);
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) this.fail(`it asks for the value ${index}, which it has not made`);
    this.push(value as PickleValue);
  }

  private uint8(): number {
    return this.bytes[this.skip(1)] as number;
  }

  private uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  private uint64(): number {
    const at = this.skip(8);
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** Where the next `count` bytes begin. */
  private skip(count: number): number {
    const begin = this.at;
    if (begin + count > this.bytes.length) this.fail('it is cut short');
    this.at = begin + count;
    return begin;
  }

  private text(length: number): string {
    const begin = this.skip(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.bytes.subarray(begin, begin + length),
      );
    } catch {
      return this.fail('it holds a text that is not UTF-8');
    }
  }

  /** A text up to the end of the line. */
  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end === -1) this.fail('it is cut short');
    const text = this.text(end - this.at);
    this.skip(1);
    return text;
  }

  private fail(what: string): never {
    throw new FormatError(`${this.file} is not a pickle that can be read: ${what}`);
  }
}
