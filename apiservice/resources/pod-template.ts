import type { KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { containerCells, nameOf, printLabels, textMap } from './cells.ts'
import { defaultsOf, under } from './defaulting.ts'
import { podTemplateDefaults } from './pod-spec-defaults.ts'
import { validatePodTemplate } from './pod-spec-validation.ts'
import { podTemplateWarnings } from './pod-spec-warnings.ts'

/** Pod templates that stand alone. */
export const podTemplates: Behaviour = {
  cells: (template: KubeObject) => [
    nameOf(template),
    ...containerCells((template['template'] as { spec?: unknown } | undefined)?.spec),
    printLabels(textMap(template, 'template', 'metadata', 'labels')),
  ],
  defaults: defaultsOf(under('template', podTemplateDefaults)),
  validate: (template) => validatePodTemplate(template['template'], 'template'),
  strategy: { warnings: (template) => podTemplateWarnings(template['template'], 'template') },
}
