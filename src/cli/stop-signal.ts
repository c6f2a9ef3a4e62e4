/** How long a second signal counts as the same request: npm passes on what its whole process group has had already. */
const sameRequestMs = 1000

/**
 * Hears once that the process is to stop: SIGTERM, SIGINT, SIGHUP, or the end of a parent that holds an IPC channel to it. Resolves with what
 * it was. Whoever insists later, because stopping takes too long, ends the process at once.
 */
export function whenAskedToStop(): Promise<string> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined
    const asked = (reason: string, exitCode: number): void => {
      if (firstAtMs === undefined) {
        firstAtMs = performance.now()
        resolve(reason)
      } else if (performance.now() - firstAtMs > sameRequestMs) process.exit(exitCode)
    }
    // 128 and the number of the signal, as shells count.
    process.on('SIGHUP', () => asked('SIGHUP', 129))
    process.on('SIGINT', () => asked('SIGINT', 130))
    process.on('SIGTERM', () => asked('SIGTERM', 143))
    if (process.channel) process.once('disconnect', () => asked('the parent process has ended', 1))
  })
}
