import { createInterface } from 'node:readline/promises'
import { loadTarget } from '../clusters/kubeconfig.ts'
import { type HubOptions, withHub } from './hub-client.ts'
import { checkClusterName, detach, parseLabels, register, registeredClusters } from './registration.ts'
import { type OutputFormat, plain, Terminal } from './terminal.ts'

/** What all commands about clusters take. */
export interface ClusterOptions extends HubOptions {
  readonly output: OutputFormat
}

/** `entrepot cluster join KUBECONFIG`: registers the cluster that a kubeconfig points to. Throws StatusErrors in words for people. */
export async function join(
  path: string,
  options: ClusterOptions & {
    readonly name?: string
    readonly labels?: string
    readonly memberContext?: string
    readonly yes?: boolean
  },
  terminal = new Terminal(),
): Promise<void> {
  if (options.name !== undefined) checkClusterName(options.name)
  const labels = parseLabels(options.labels ?? '')
  const found = await loadTarget(path, options.memberContext)
  const name = options.name ?? found.name
  const { target } = found
  const mayReplace = async () =>
    options.yes === true || (await confirm(`cluster ${name} already exists. Replace it? (y/N) `))
  const { version, replaced } = await withHub(options, (hub) => register(hub, { name, target, labels }, mayReplace))
  if (options.output !== 'text') {
    terminal.data({ name, endpoint: target.server, version, labels }, options.output)
    return
  }
  terminal.line(
    `${terminal.paint('good', replaced ? 'Replaced' : 'Joined')} ${terminal.paint('strong', name)} at ${plain(target.server)} (${plain(version)})`,
  )
  if (target.exec !== undefined) {
    terminal.line(
      terminal.paint('busy', `The credential is what ${target.exec.command} gave now: join again before it expires.`),
    )
  }
  if (target.insecureSkipVerify === true) {
    terminal.line(
      terminal.paint('bad', 'Its certificate is not verified: anyone on the way can read and change what is sent.'),
    )
  }
  const [label] = Object.entries(labels)
  const byLabel = label === undefined ? '' : `, or clusterLabelSelector: {${label[0]}: ${JSON.stringify(label[1])}}`
  terminal.line(`Ship to it with a topology policy: clusters: [${name}]${byLabel}. See all with: entrepot cluster list`)
}

/** `entrepot cluster list`: the hub itself and what is registered on it. */
export async function list(options: ClusterOptions, terminal = new Terminal()): Promise<void> {
  const clusters = await withHub(options, registeredClusters)
  if (options.output !== 'text') {
    terminal.data(clusters, options.output)
    return
  }
  terminal.table(
    ['CLUSTER', 'ALIAS', 'TYPE', 'ENDPOINT', 'VERSION', 'LABELS'],
    clusters.map(({ name, alias, type, endpoint, version, labels }) => [
      { text: name, tone: 'strong' },
      alias,
      type,
      endpoint,
      version,
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    ]),
  )
}

/** `entrepot cluster detach NAME`: forgets a cluster. */
export async function detachCluster(name: string, options: ClusterOptions, terminal = new Terminal()): Promise<void> {
  await withHub(options, (hub) => detach(hub, name))
  if (options.output !== 'text') terminal.data({ name, detached: true }, options.output)
  else
    terminal.line(
      `${terminal.paint('good', 'Detached')} ${terminal.paint('strong', name)}; what was shipped there stays there.`,
    )
}

/** Asks a person; where there is none the answer is no. */
async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await asking.question(plain(question))).trim())
  } finally {
    asking.close()
  }
}
