/** Cases in which the hub answers otherwise than kube-apiserver, by their titles, with the reason. Each line is a debt or a decision. */
const known: readonly { readonly title: RegExp; readonly reason: string }[] = [
  {
    title: /^every kind · persistentvolumeclaims: /,
    reason:
      'no pvc-protection finalizer: nothing that runs on a hub mounts a volume, and no controller would ever take it away',
  },
  {
    title: /^every kind · daemonsets: is (listed, as objects and as metadata|a table)$/,
    reason: 'kube-apiserver leaves the deprecated template generation out of metadata views',
  },
  {
    title: /^bodies · another version$/,
    reason: 'kube-apiserver has another text for versions that it once served',
  },
]

/** Why a case is known to differ; undefined where it must not. */
export function knownDifference(title: string): string | undefined {
  return known.find((difference) => difference.title.test(title))?.reason
}
