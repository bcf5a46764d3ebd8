/** A process that is measured, from the outside: it is started, asked, and ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Setup, Timing, Work } from './adapter.js';
import { decodeMessage, encodeMessage } from './messages.js';
import type { Request } from './worker.js';

/** Where the bench's sources lie, seen from where they are compiled to. */
export const SOURCES = fileURLToPath(new URL('../../../bench/peers/', import.meta.url));
const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));
const ERROR_LINES = 4;

/** A program with its parameters, and what it finds in its environment. */
export interface Command {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** A JavaScript library's process, on the given node. */
export function nodeCommand(node: readonly string[], adapter: string): Command {
  const [program = process.execPath, ...flags] = node;
  return { program, parameters: [...flags, WORKER, adapter], environment: process.env };
}

interface Reply {
  readonly error?: string;
  readonly about?: string;
  readonly output?: Float32Array;
  readonly losses?: Float32Array;
}

export class Peer {
  about = '';
  private readonly child: ChildProcess;
  private readonly replies: AsyncIterator<string>;
  private errors: string[] = [];

  constructor({ program, parameters, environment }: Command) {
    const child = spawn(program, parameters, { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
    this.child = child;
    this.replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.errors = [...this.errors, line].slice(-ERROR_LINES);
    });
    child.on('error', (error) => this.errors.push(error.message));
    child.stdin.on('error', () => {});
  }

  async open(setup: Setup): Promise<void> {
    this.about = (await this.ask({ do: 'open', setup })).about ?? '';
  }

  async output(): Promise<Float32Array> {
    return (await this.ask({ do: 'output' })).output ?? new Float32Array();
  }

  async train(count: number): Promise<Float32Array> {
    return (await this.ask({ do: 'train', count })).losses ?? new Float32Array();
  }

  async push(count: number): Promise<Float32Array> {
    return (await this.ask({ do: 'push', count })).output ?? new Float32Array();
  }

  async time(work: Work, count: number): Promise<Timing> {
    return (await this.ask({ do: 'time', work, count })) as unknown as Timing;
  }

  close(): void {
    this.child.stdin?.end();
    this.child.kill();
  }

  private async ask(request: Request): Promise<Reply> {
    this.child.stdin?.write(encodeMessage(request));
    for (;;) {
      const { done, value } = await this.replies.next();
      if (done) throw new Error(this.errors.join(' ').trim() || 'its process ended');
      // A library's own remarks are no replies.
      if (!value.startsWith('{')) continue;
      const reply = decodeMessage(value) as Reply;
      if (reply.error !== undefined) throw new Error(reply.error);
      return reply;
    }
  }
}
