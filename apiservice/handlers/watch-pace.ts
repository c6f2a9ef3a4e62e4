/** So many open watches are served event by event; more share their beats. */
const fewWatches = 256
/** How far apart beats are: what an event may wait for others that come right behind it. */
const beatMs = 25

/**
 * Makes many watches write together. A write to a connection costs far more than the event in it, so with a thousand watches each takes the
 * events of 25 ms at once; with a few, every event goes out as it comes. All wait for one timer.
 */
export class WatchPace {
  #open = 0
  #beat: Promise<void> | undefined

  /** A watch begins; returns how to say that it has ended. */
  enter(): () => void {
    this.#open++
    return () => {
      this.#open--
    }
  }

  /** Resolves when a watch that has just written may look for more; undefined: at once. */
  next(): Promise<void> | undefined {
    if (this.#open <= fewWatches) return undefined
    this.#beat ??= new Promise((resolve) => {
      setTimeout(() => {
        this.#beat = undefined
        resolve()
      }, beatMs)
    })
    return this.#beat
  }
}

/** The pace of all watches of this process: they share its time. */
export const watchPace = new WatchPace()
