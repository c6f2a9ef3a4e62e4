import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** How a command ended, and what it printed. */
export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A command that is under way. */
export interface Running {
  readonly child: ChildProcess
  /** Resolves with the part of standard output that matches, as soon as it does; rejects when the command ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  readonly ended: Promise<Ran>
}

/** Starts the program as a user does, in a process of its own. Variables that are set to undefined are taken away. */
export function start(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Running {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = once(child, 'close').then(([code]): Ran => ({ code, out, err }))
  return {
    child,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(out)
          if (found) resolve(found)
        }
        child.stdout.on('data', look)
        void ended.then(({ code }) =>
          reject(new Error(`ended with ${code} before it printed ${pattern}:\n${out}${err}`)),
        )
        look()
      }),
  }
}

/** Runs the program to its end. */
export function run(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Ran> {
  return start(args, env).ended
}
