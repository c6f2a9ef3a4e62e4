import { fieldAt, isObject, type KubeObject } from '../../src/machinery/object.ts'
import { count, objects, text } from './cells.ts'

/** What a client is told of a pod spec that is accepted but will not do what its author meant. */

const deprecatedVolumes: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

const deadAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

const noSelector = 'a null labelSelector results in matching no pod'

/** Warnings about a Pod that is created; its spec hardly changes later. */
export function podWarnings(pod: KubeObject, old: KubeObject | undefined): readonly string[] {
  return old ? [] : podTemplateWarnings(pod, '')
}

/** Warnings about a template, at its path; `''` for a Pod itself. */
export function podTemplateWarnings(template: unknown, path: string): readonly string[] {
  const prefix = path === '' ? '' : `${path}.`
  const spec = fieldAt(template, 'spec')
  const grace = fieldAt(spec, 'terminationGracePeriodSeconds')
  return [
    ...annotationWarnings(template, `${prefix}metadata.annotations`),
    ...spreadWarnings(spec, `${prefix}spec`),
    ...volumeWarnings(spec, `${prefix}spec.volumes`),
    ...duplicateWarnings(objects(spec, 'hostAliases'), `${prefix}spec.hostAliases`, 'ip'),
    ...pullSecretWarnings(objects(spec, 'imagePullSecrets'), `${prefix}spec.imagePullSecrets`),
    ...containerWarnings(spec, `${prefix}spec`),
    ...(typeof grace === 'number' && grace < 0
      ? [
          `${prefix}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityWarnings(spec, `${prefix}spec.affinity`),
  ]
}

function annotationWarnings(template: unknown, path: string): readonly string[] {
  const annotations = fieldAt(template, 'metadata', 'annotations')
  if (!isObject(annotations)) return []
  return Object.entries(deadAnnotations)
    .filter(([annotation]) => annotation in annotations)
    .map(([annotation, message]) => `${path}[${annotation}]: ${message}`)
}

function spreadWarnings(spec: unknown, path: string): readonly string[] {
  return objects(spec, 'topologySpreadConstraints').flatMap((constraint, index) =>
    isObject(constraint['labelSelector'])
      ? []
      : [`${path}.topologySpreadConstraints[${index}].labelSelector: ${noSelector}`],
  )
}

function volumeWarnings(spec: unknown, path: string): readonly string[] {
  return objects(spec, 'volumes').flatMap((volume, index) =>
    Object.entries(deprecatedVolumes)
      .filter(([source]) => isObject(volume[source]))
      .map(([source, message]) => `${path}[${index}].${source === 'storageos' ? 'storageOS' : source}: ${message}`),
  )
}

function duplicateWarnings(list: readonly unknown[], path: string, field: string): readonly string[] {
  const seen = new Set<string>()
  return list.flatMap((one, index) => {
    const value = text(one, [field])
    if (seen.has(value)) return [`${path}[${index}].${field}: duplicate ${field} ${JSON.stringify(value)}`]
    seen.add(value)
    return []
  })
}

function pullSecretWarnings(secrets: readonly unknown[], path: string): readonly string[] {
  const empty = secrets.flatMap((secret, index) =>
    text(secret, ['name']) === '' ? [`${path}[${index}].name: invalid empty name ""`] : [],
  )
  return [...duplicateWarnings(secrets, path, 'name'), ...empty]
}

/** Init containers, containers, then ephemeral ones: the order in which Kubernetes visits them. */
function* containersOf(spec: unknown, path: string): Generator<readonly [container: unknown, path: string]> {
  for (const field of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const [index, container] of objects(spec, field).entries()) yield [container, `${path}.${field}[${index}]`]
  }
}

function containerWarnings(spec: unknown, path: string): readonly string[] {
  const environments: string[] = []
  const ports: string[] = []
  const names: string[] = []
  const portsSeen = new Map<string, { readonly at: string; readonly port: unknown }[]>()
  const namesSeen = new Map<string, string>()
  for (const [container, at] of containersOf(spec, path)) {
    environments.push(...environmentWarnings(container, at))
    for (const [index, port] of objects(container, 'ports').entries()) {
      const here = `${at}.ports[${index}]`
      const key = `${count(port, 'containerPort')}/${text(port, ['protocol'])}`
      const others = portsSeen.get(key) ?? []
      for (const other of others) ports.push(...portClash(port, other.port, here, other.at))
      portsSeen.set(key, [...others, { at: here, port }])
      const name = text(port, ['name'])
      const other = namesSeen.get(name)
      if (name === '') continue
      if (other === undefined) namesSeen.set(name, here)
      else {
        names.push(
          `${here}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
        )
      }
    }
  }
  return [...environments, ...ports, ...names]
}

function environmentWarnings(container: unknown, path: string): readonly string[] {
  const seen = new Set<string>()
  return objects(container, 'env').flatMap((variable, index) => {
    const name = text(variable, ['name'])
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    // A second definition that builds on the first one, as in PATH=$(PATH):/opt, is meant.
    const value = text(variable, ['value'])
    const reference = `$(${name})`
    const builds = !isObject(variable['valueFrom']) && value !== reference && value.includes(reference)
    if (builds) return []
    return [
      `${path}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
    ]
  })
}

function portClash(port: unknown, other: unknown, at: string, otherAt: string): readonly string[] {
  const hostPort = count(port, 'hostPort')
  const otherHostPort = count(other, 'hostPort')
  const hostIp = text(port, ['hostIP'])
  const otherHostIp = text(other, ['hostIP'])
  if (hostIp === otherHostIp && hostPort === otherHostPort) return [`${at}: duplicate port definition with ${otherAt}`]
  if (hostPort === 0 || otherHostPort === 0) return [`${at}: overlapping port definition with ${otherAt}`]
  if (hostPort === otherHostPort && (hostIp === '') !== (otherHostIp === '')) {
    return [`${at}: dangerously ambiguous port definition with ${otherAt}`]
  }
  return []
}

function affinityWarnings(spec: unknown, path: string): readonly string[] {
  const warnings: string[] = []
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const terms = fieldAt(spec, 'affinity', kind)
    const at = `${path}.${kind}`
    objects(terms, 'requiredDuringSchedulingIgnoredDuringExecution').forEach((term, index) => {
      if (!isObject(term['labelSelector'])) {
        warnings.push(`${at}.requiredDuringSchedulingIgnoredDuringExecution[${index}].labelSelector: ${noSelector}`)
      }
    })
    objects(terms, 'preferredDuringSchedulingIgnoredDuringExecution').forEach((term, index) => {
      if (!isObject(fieldAt(term, 'podAffinityTerm', 'labelSelector'))) {
        warnings.push(
          `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm.labelSelector: ${noSelector}`,
        )
      }
    })
  }
  return warnings
}
