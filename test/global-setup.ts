import { assets, noControlPlane, startControlPlane } from './fixtures/control-plane.ts'

/** The variable under which tests find the kubeconfig of a real control plane that all of them may use, each in namespaces of its own. */
const variable = 'CONTROL_PLANE_KUBECONFIG'

/** Starts one real control plane for the whole run where its binaries are, unless the caller has one already. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[variable] !== undefined) return undefined
  if (noControlPlane !== undefined) {
    console.warn(`tests against a real control plane are skipped: ${noControlPlane}`)
    return undefined
  }
  process.env['KUBEBUILDER_ASSETS'] = assets
  const plane = await startControlPlane({
    controllers:
      'namespace-controller,garbage-collector-controller,serviceaccount-controller,root-ca-certificate-publisher-controller',
  })
  process.env[variable] = plane.kubeconfig
  return () => plane.dispose()
}
