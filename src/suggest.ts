/** The known word that a misspelt one was most likely meant to be, or undefined when none is close. */
export function closest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  // One slip in three letters at most: more would guess, not help.
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const slips = slipsBetween(word, candidate)
    if (slips < fewest) {
      best = candidate
      fewest = slips
    }
  }
  return best
}

/** How many letters have to be put in, left out, changed or swapped with their neighbour (optimal string alignment distance). */
function slipsBetween(a: string, b: string): number {
  let older: number[] = []
  let old = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const now = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      now.push(
        Math.min(
          (old[column] ?? 0) + 1,
          (now[column - 1] ?? 0) + 1,
          (old[column - 1] ?? 0) + same,
          swapped ? (older[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    older = old
    old = now
  }
  return old[b.length] ?? 0
}
