import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type LogFormat, type LogLevel, logFormats, logLevels } from './log.ts'
import { subdomainName } from './machinery/names.ts'

/** What a hub can be told. Frozen; every value has been checked. */
export interface Config {
  /** The address that the hub listens on. */
  readonly host: string
  /** 0 lets the system pick a free one. */
  readonly port: number
  /** Names and addresses that the serving certificate is for besides the usual ones; `host` is among them unless it means “all”. */
  readonly hosts: readonly string[]
  /** An absolute path. */
  readonly dataDir: string
  /** `memory` forgets everything when the hub stops. */
  readonly storage: 'level' | 'memory'
  readonly tokenFile: string | undefined
  readonly simulateWorkloads: boolean
  readonly refObjectsAvailableScope: 'global' | 'cluster' | 'namespace'
  /** How long events are kept for watches that come back, in milliseconds, and how many are kept however old they are. */
  readonly eventWindowMs: number
  readonly minEvents: number
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
}

/** How one value of the configuration is written, explained and read. */
export interface Setting<Value> {
  /** Without the dashes. The environment variable and the key in a file are made from it. */
  readonly flag: string
  /** What stands for the value in the help; a switch has none. */
  readonly placeholder?: string
  readonly help: string
  /** As a user would write it; undefined for “none”. */
  readonly default: string | undefined
  /** May be given more than once, or as a list separated by commas. */
  readonly isList?: boolean
  /** Reads what was written, or says what is wrong with it and what would be right. `texts` has one entry unless `isList`. */
  read(texts: readonly string[]): Value | Complaint
}

/** Why a text is no value. */
export class Complaint {
  readonly what: string
  readonly hint: string

  constructor(what: string, hint: string) {
    this.what = what
    this.hint = hint
  }
}

/** Every setting of a hub. Adding one here adds its flag, its environment variable, its key in a file and its line in the help. */
export const settings: { readonly [Key in keyof Config]: Setting<Config[Key]> } = {
  host: {
    flag: 'host',
    placeholder: 'ADDRESS',
    help: 'address to listen on',
    default: '127.0.0.1',
    read: one((text) => (isHost(text) ? text : new Complaint(`${quote(text)} is no address`, hostHint))),
  },
  port: {
    flag: 'port',
    placeholder: 'PORT',
    help: 'port to listen on; 0 picks a free one',
    default: '7443',
    read: one((text) => {
      if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
      // Kubernetes sets this variable in every pod of a namespace that has a Service with our name.
      const isServiceLink = text.startsWith('tcp://')
      const hint = isServiceLink
        ? 'it comes from a Service named entrepot: set enableServiceLinks: false in the pod'
        : 'give a number from 0 to 65535; 0 picks a free one'
      return new Complaint(`${quote(text)} is no port`, hint)
    }),
  },
  dataDir: {
    flag: 'data-dir',
    placeholder: 'DIR',
    help: 'folder of the store, the keys and the kubeconfig; nobody else may read it',
    default: '.entrepot',
    read: one((text) => (text === '' ? new Complaint('it is empty', 'give the path of a folder') : resolve(text))),
  },
  storage: {
    flag: 'storage',
    placeholder: 'ENGINE',
    help: 'level keeps objects on disk, memory forgets them when the hub stops',
    default: 'level',
    read: oneOf('level', 'memory'),
  },
  hosts: {
    flag: 'tls-san',
    placeholder: 'NAME',
    help: 'further name or address of the serving certificate; may be repeated',
    default: undefined,
    isList: true,
    read: (texts) => {
      const wrong = texts.find((text) => !isHost(text))
      return wrong === undefined ? texts : new Complaint(`${quote(wrong)} is no name and no address`, hostHint)
    },
  },
  tokenFile: {
    flag: 'token-file',
    placeholder: 'FILE',
    help: 'bearer tokens, one token,user,uid,"group1,group2" a line',
    default: undefined,
    read: ([text]) => (text === undefined || text === '' ? undefined : resolve(text)),
  },
  refObjectsAvailableScope: {
    flag: 'ref-objects-available-scope',
    placeholder: 'SCOPE',
    help: 'how far Applications may reach for objects: global, cluster (only the hub), namespace (only their own)',
    default: 'global',
    read: oneOf('global', 'cluster', 'namespace'),
  },
  simulateWorkloads: {
    flag: 'simulate-workloads',
    help: 'report Deployments, StatefulSets, DaemonSets and Jobs as ready without running anything',
    default: 'false',
    read: one((text) => {
      if (text === 'true' || text === 'false') return text === 'true'
      return new Complaint(`${quote(text)} is neither true nor false`, 'leave the value out to switch it on')
    }),
  },
  eventWindowMs: {
    flag: 'event-window',
    placeholder: 'TIME',
    help: 'how long a watch may be away and still miss nothing',
    default: '10m',
    read: one(duration),
  },
  minEvents: {
    flag: 'event-window-count',
    placeholder: 'N',
    help: 'events that are kept however old they are',
    default: '10000',
    read: one((text) => {
      if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text)
      return new Complaint(`${quote(text)} is no number of events`, 'give a whole number above 0')
    }),
  },
  logLevel: {
    flag: 'log-level',
    placeholder: 'LEVEL',
    help: 'the least that is logged: debug, info, warn, error',
    default: 'info',
    read: oneOf(...logLevels),
  },
  logFormat: {
    flag: 'log-format',
    placeholder: 'FORMAT',
    help: 'json, text, or auto: text on a terminal and JSON elsewhere',
    default: 'auto',
    read: oneOf(...logFormats),
  },
}

/** `data-dir` → `ENTREPOT_DATA_DIR`. */
export function variableOf(flag: string): string {
  return `ENTREPOT_${flag.toUpperCase().replaceAll('-', '_')}`
}

/** `data-dir` → `dataDir`: the key in a configuration file. */
export function fileKeyOf(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

const hostHint = 'give an IP address or a DNS name'

function isHost(text: string): boolean {
  return isIP(text) !== 0 || subdomainName(text.toLowerCase()).length === 0
}

function quote(text: string): string {
  return JSON.stringify(text)
}

function one<Value>(read: (text: string) => Value | Complaint): Setting<Value>['read'] {
  return ([text = '']) => read(text)
}

function oneOf<const Word extends string>(...words: readonly Word[]): Setting<Word>['read'] {
  return one(
    (text) =>
      words.find((word) => word === text) ??
      new Complaint(`${quote(text)} is not known`, `give one of ${words.join(', ')}`),
  )
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const longestMs = 30 * 24 * 3_600_000

/** A time as Go writes it: `10m`, `1h30m`, `500ms`; in milliseconds. */
function duration(text: string): number | Complaint {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0)
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text
  if (isWhole && total >= 1 && total <= longestMs) return Math.round(total)
  return new Complaint(`${quote(text)} is no length of time`, 'write it like 10m or 1h30m, at most 720h')
}
