/** The commands of `longhand`, in the order of the help. Each is loaded when it is run. */
import type { Command } from './command.js';
import { PURCHASE } from './purchase/arguments.js';

export const commands: readonly Command[] = [
  {
    name: 'inspect',
    about: 'Shows what is in a model file: layers, shapes, weights and how they are spread.',
    operands: ['MODEL'],
    flags: {
      json: { about: 'as JSON, for programs' },
      weights: { about: 'each weight with its histogram, not the layers alone' },
    },
    examples: [
      'longhand inspect model.safetensors --weights',
      'longhand inspect - --json < model.safetensors',
    ],
    load: () => import('./commands/inspect.js'),
  },
  {
    name: 'export',
    about:
      'Makes a model one ES module, with its weights and the code that it needs: no import, in browsers too.',
    operands: ['MODEL'],
    flags: {
      standalone: { about: 'the module, which has a predict and, for models that can, a push for one step' },
      out: { value: 'FILE', about: 'where to write it (the standard output)' },
    },
    examples: ['longhand export --standalone model.safetensors --out model.js'],
    load: () => import('./commands/export.js'),
  },
  { ...PURCHASE, load: () => import('./purchase/job.js') },
];
