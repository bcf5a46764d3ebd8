/** What a model is made of, for those who save it, copy it or look into it. */
import type { Compiled } from './compiled.js';
import type { Graph } from './graph.js';
import type { Network } from './network.js';
import type { Ports } from './ports.js';

export interface ModelInternals {
  readonly graph: Graph;
  readonly inputPorts: Ports;
  readonly outputPorts: Ports;
  readonly network: Network | undefined;
  readonly compiled: Compiled | undefined;
}
