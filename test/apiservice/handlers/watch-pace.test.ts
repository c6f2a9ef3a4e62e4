import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WatchPace } from '../../../apiservice/handlers/watch-pace.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a few watches look for more at once', () => {
  const pace = new WatchPace()
  for (let index = 0; index < 256; index++) pace.enter()
  expect(pace.next()).toBeUndefined()
})

test('many watches share one beat of 25 ms, and are few again when some have ended', async () => {
  const pace = new WatchPace()
  const leaves = Array.from({ length: 257 }, () => pace.enter())
  const beat = pace.next()
  expect(beat).toBeDefined()
  expect(pace.next()).toBe(beat)
  let over = false
  void beat?.then(() => {
    over = true
  })
  await vi.advanceTimersByTimeAsync(24)
  expect(over).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(over).toBe(true)
  expect(pace.next()).not.toBe(beat)
  leaves[0]?.()
  expect(pace.next()).toBeUndefined()
})
