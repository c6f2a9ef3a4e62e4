/** The answer of `/version` (Kubernetes API reference, `version.Info`). All values are texts. */
export interface VersionInfo {
  /** Digits only: clients compare them with their own. */
  readonly major: string
  readonly minor: string
  readonly emulationMajor: string
  readonly emulationMinor: string
  readonly minCompatibilityMajor: string
  readonly minCompatibilityMinor: string
  /** A semantic version with a leading `v`. */
  readonly gitVersion: string
  readonly gitCommit: string
  readonly gitTreeState: string
  readonly buildDate: string
  readonly goVersion: string
  readonly compiler: string
  readonly platform: string
}

/** The release of Kubernetes whose API is spoken: that of the fact tables. */
export const kubernetesVersion = '1.36.3'

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }
const systems: Readonly<Record<string, string>> = { win32: 'windows' }

/**
 * What this process says it is. `gitVersion` is the Kubernetes release with our name as build metadata, which clients that compare
 * versions ignore (kubectl's skew warning, a chart's `kubeVersion`). Nothing here is written in Go, so `goVersion` names the runtime there
 * is; commit, tree state and build date are of no use to clients and stay at the values of a build without them.
 */
export function versionInfo(): VersionInfo {
  const [major = '', minor = ''] = kubernetesVersion.split('.')
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: `v${kubernetesVersion}+entrepot`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node${process.versions.node}`,
    compiler: 'v8',
    platform: `${systems[process.platform] ?? process.platform}/${architectures[process.arch] ?? process.arch}`,
  }
}
