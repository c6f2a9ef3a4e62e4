import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { type Again, WorkQueue } from '../../src/machinery/workqueue.ts'

/** Runs a queue until `until` holds, then stops it and waits for its end. */
async function runUntil(
  queue: WorkQueue,
  worker: (key: string, signal: AbortSignal) => Promise<Again | undefined>,
  until: () => boolean,
): Promise<void> {
  const stop = new AbortController()
  const running = queue.run(worker, stop.signal)
  await vi.waitFor(() => expect(until()).toBe(true), { timeout: 10_000, interval: 2 })
  stop.abort()
  await running
}

const tick = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('a work queue', () => {
  test('refuses to be without workers', () => {
    expect(() => new WorkQueue({ concurrency: 0 })).toThrow('at least one worker')
  })

  test('holds a key once however often it is added', async () => {
    const queue = new WorkQueue({ concurrency: 1 })
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
    expect(queue.length).toBe(2)
    const done: string[] = []
    await runUntil(
      queue,
      async (key) => {
        done.push(key)
        return undefined
      },
      () => done.length === 2,
    )
    expect(done).toEqual(['a', 'b'])
    expect(queue.length).toBe(0)
  })

  test('works on a key again when it was added meanwhile, and never twice at the same time', async () => {
    const queue = new WorkQueue({ concurrency: 4 })
    let busy = 0
    let most = 0
    let runs = 0
    queue.add('a')
    await runUntil(
      queue,
      async () => {
        most = Math.max(most, ++busy)
        if (++runs === 1) for (let i = 0; i < 3; i++) queue.add('a')
        await tick(5)
        busy--
        return undefined
      },
      () => runs === 2 && busy === 0,
    )
    expect(most).toBe(1)
    expect(runs).toBe(2)
  })

  test('works on as many keys at once as it may', async () => {
    const queue = new WorkQueue({ concurrency: 3 })
    let busy = 0
    let most = 0
    let runs = 0
    for (let i = 0; i < 12; i++) queue.add(`k${i}`)
    await runUntil(
      queue,
      async () => {
        most = Math.max(most, ++busy)
        await tick()
        busy--
        runs++
        return undefined
      },
      () => runs === 12,
    )
    expect(most).toBe(3)
  })

  test('brings a failed key back later and later, and forgets its failures when it goes well', async () => {
    const failures: number[] = []
    const queue = new WorkQueue({
      concurrency: 1,
      backoff: { firstMs: 4, maxMs: 16 },
      random: () => 0,
      onFailure: (_key, _error, count) => failures.push(count),
    })
    const times: number[] = []
    queue.add('a')
    await runUntil(
      queue,
      async () => {
        times.push(performance.now())
        if (times.length !== 5 && times.length < 7) throw new Error('not yet')
        return times.length === 5 ? { againAfterMs: 1 } : undefined
      },
      () => times.length === 7,
    )
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    // Timers may fire a millisecond early by this clock, and late by any time.
    for (const [index, least] of [4, 8, 16, 16].entries()) expect(waits[index]).toBeGreaterThan(least - 1.5)
    expect(failures).toEqual([1, 2, 3, 4, 1])
  })

  test('one failing key does not delay another', async () => {
    const queue = new WorkQueue({ concurrency: 1, backoff: { firstMs: 60_000, maxMs: 60_000 } })
    const good: string[] = []
    queue.add('bad')
    queue.add('good')
    await runUntil(
      queue,
      async (key) => {
        if (key === 'bad') throw new Error('always')
        good.push(key)
        return undefined
      },
      () => good.length === 1,
    )
  })

  test('lets the earliest of several delays count, and an add overtake them all', async () => {
    const queue = new WorkQueue({ concurrency: 1 })
    const done: string[] = []
    const worker = async (key: string): Promise<undefined> => {
      done.push(key)
      return undefined
    }
    queue.addAfter('a', 60_000)
    queue.addAfter('a', 5)
    queue.addAfter('a', 60_000)
    queue.addAfter('b', 60_000)
    queue.add('b')
    expect(queue.length).toBe(1)
    await runUntil(queue, worker, () => done.length === 2)
    expect(done).toEqual(['b', 'a'])
  })

  test('waits a month without firing at once', async () => {
    const queue = new WorkQueue({ concurrency: 1 })
    queue.addAfter('a', 31 * 86_400_000)
    await tick(20)
    expect(queue.length).toBe(0)
    await queue.run(async () => undefined, AbortSignal.abort())
  })

  test('ends only after its workers have, and tells them', async () => {
    const queue = new WorkQueue({ concurrency: 2 })
    queue.add('a')
    let ended = false
    const stop = new AbortController()
    const running = queue.run(async (_key, signal) => {
      stop.abort()
      expect(signal.aborted).toBe(true)
      await tick(10)
      ended = true
    }, stop.signal)
    await running
    expect(ended).toBe(true)
  })

  test('gives back every key in time that does not grow with the square of their number', async () => {
    const queue = new WorkQueue({ concurrency: 8 })
    for (let i = 0; i < 100_000; i++) queue.add(`k${i}`)
    let done = 0
    await runUntil(
      queue,
      async () => {
        done++
        return undefined
      },
      () => done === 100_000,
    )
  })

  test('after any order of adds, every key has been worked on after its last add', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), pause: fc.boolean(), fail: fc.boolean() }), {
          maxLength: 30,
        }),
        async (steps) => {
          const queue = new WorkQueue({ concurrency: 2, backoff: { firstMs: 1, maxMs: 2 } })
          const wanted = new Map<string, number>()
          const reached = new Map<string, number>()
          const failOnce = new Map<string, boolean>()
          const stop = new AbortController()
          const running = queue.run(async (key) => {
            const seen = wanted.get(key) ?? 0
            await tick(0)
            if (failOnce.get(key)) {
              failOnce.set(key, false)
              throw new Error('once')
            }
            reached.set(key, seen)
          }, stop.signal)
          for (const { key, pause, fail } of steps) {
            wanted.set(key, (wanted.get(key) ?? 0) + 1)
            failOnce.set(key, fail)
            queue.add(key)
            if (pause) await tick(0)
          }
          await vi.waitFor(() => expect(reached).toEqual(wanted), { interval: 1, timeout: 5000 })
          stop.abort()
          await running
        },
      ),
      { numRuns: 40 },
    )
  })
})
