import type { Revision } from '../src/machinery/revision.ts'
import type { Key, KeyRange } from './store.ts'

/*
 * The layout of the keyspace. A key is text whose UTF-8 bytes are its order:
 *
 *   c  type namespace name              the newest value of a key
 *   h  type namespace name  revision    a value that was replaced, or the last state of a deleted one; newest first
 *   l  revision                         one row per batch, in order, with its last revision: what happened to which keys
 *   n  type [namespace]                 how many keys there are
 *   m                                   format, newest revision, how far the past was forgotten
 *
 * Each part ends with NUL 1, and a NUL inside a part is written NUL 2. So no part is a prefix of another, parts sort as their own
 * bytes do, and everything under a prefix lies between the prefix and the same prefix with its last byte raised to 2.
 */

const end = '\0\x01'
const escapedNul = '\0\x02'

/** The only row that has a fixed place. */
export const metaKey = 'm'

/** The first letter of each kind of row. */
export const space = { current: 'c', history: 'h', log: 'l', count: 'n' } as const

function escapePart(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', escapedNul) : text
}

function unescapePart(text: string): string {
  return text.includes('\0') ? text.replaceAll(escapedNul, '\0') : text
}

/**
 * A key as text that is unique, sorts by the bytes of type, namespace and name, and is no prefix of another key. Lone surrogates have no
 * bytes in UTF-8 and count as U+FFFD.
 */
export function keyText(key: Key): string {
  const text = `${escapePart(key.type)}${end}${escapePart(key.namespace)}${end}${escapePart(key.name)}${end}`
  return text.isWellFormed() ? text : text.toWellFormed()
}

/** The inverse of `keyText`. */
export function parseKeyText(text: string): Key {
  const first = text.indexOf(end)
  const second = text.indexOf(end, first + 2)
  return {
    type: unescapePart(text.slice(0, first)),
    namespace: unescapePart(text.slice(first + 2, second)),
    name: unescapePart(text.slice(second + 2, -2)),
  }
}

/** The first text that is behind everything that begins with this prefix; a prefix is one or more whole parts. */
export function behindPrefix(prefix: string): string {
  return `${prefix.slice(0, -1)}\x02`
}

/** Where the keys of a range lie: from `from` on, before `to`. Both are in the order of `keyText`. */
export interface TextRange {
  readonly from: string
  readonly to: string
}

/**
 * The texts that a range can have, strictly behind `after` where it is given. A name in all namespaces has no range of its own: that is
 * the range of its type, to be filtered.
 */
export function textRange(range: KeyRange, after?: Pick<Key, 'namespace' | 'name'>): TextRange {
  let prefix = `${escapePart(range.type)}${end}`
  if (range.namespace !== undefined) {
    prefix += `${escapePart(range.namespace)}${end}`
    if (range.name !== undefined) prefix += `${escapePart(range.name)}${end}`
  }
  prefix = prefix.toWellFormed()
  if (after === undefined) return { from: prefix, to: behindPrefix(prefix) }
  const start = behindPrefix(keyText({ type: range.type, namespace: after.namespace, name: after.name }))
  return { from: compareText(start, prefix) > 0 ? start : prefix, to: behindPrefix(prefix) }
}

/** Whether a key belongs to a range. */
export function rangeHas(range: KeyRange, key: Key): boolean {
  return (
    key.type === range.type &&
    (range.namespace === undefined || key.namespace === range.namespace) &&
    (range.name === undefined || key.name === range.name)
  )
}

/** Orders well-formed texts as their UTF-8 bytes are ordered; JavaScript's own order differs behind U+D800. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

// A surrogate stands for a code point above every other code unit.
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

/** The place of a key's newest value. */
export function currentKey(text: string): string {
  return space.current + text
}

const revisionDigits = 11

function fixedRevision(revision: number): string {
  return revision.toString(36).padStart(revisionDigits, '0')
}

/** The place of an old value. Younger ones come first, so that the value at a revision is the first from there on. */
export function historyKey(text: string, revision: Revision): string {
  return space.history + text + fixedRevision(Number.MAX_SAFE_INTEGER - revision)
}

/** The key's text in the key of a history row. */
export function textOfHistoryKey(rowKey: string): string {
  return rowKey.slice(1, -revisionDigits)
}

/** The place in the log of a batch that ends with this revision. What is at or behind the place of a revision has its write. */
export function logKey(revision: Revision): string {
  return space.log + fixedRevision(revision)
}

/** The revision in the key of a log row. */
export function revisionOfLogKey(rowKey: string): Revision {
  return Number.parseInt(rowKey.slice(1), 36) as Revision
}

/** The place of a counter: of a type, or of a type in one namespace. */
export function countKey(type: string, namespace?: string): string {
  const key = space.count + escapePart(type) + end + (namespace === undefined ? '' : escapePart(namespace) + end)
  return key.isWellFormed() ? key : key.toWellFormed()
}
