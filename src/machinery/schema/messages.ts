import { readFileSync } from 'node:fs'
import { kindsOfType, typeNames } from './facts.ts'

/** Scalars of the protobuf forms; `double` is a JSON number, `bytes` base64 text. */
export type Scalar = 'string' | 'int32' | 'int64' | 'bool' | 'double' | 'bytes'

/** Messages whose JSON form is not an object of their fields. */
export type Form =
  | 'quantity'
  | 'int-or-string'
  | 'time'
  | 'microtime'
  | 'duration'
  | 'raw'
  | 'items'
  | 'envelope'
  | 'schema-or-array'
  | 'schema-or-bool'
  | 'schema-or-strings'

/** One field of a built-in type, on the wire and in JSON. */
export interface MessageField {
  readonly number: number
  /** The JSON name. */
  readonly name: string
  /** The name of the Go field, for messages about it. */
  readonly goName: string
  readonly scalar: Scalar | undefined
  /** The type of a field that is no scalar. Types lead back to themselves: a walk must follow a value, never the type alone. */
  readonly message: Message | undefined
  readonly repeated: boolean
  /** Maps: the type of the key. */
  readonly key: Scalar | undefined
  /** Absence differs from zero. */
  readonly pointer: boolean
  /** A zero scalar, an empty list or map is left out of JSON; without it, the zero (null for lists and maps) is written. */
  readonly omitEmpty: boolean
  /** A zero struct is left out of JSON. */
  readonly omitZero: boolean
  /** A `ResourceList` of the core group: its amounts have no digits below a thousandth. */
  readonly resourceList: boolean
  /** The Go struct that is embedded on the way from the message to this field, if one is. */
  readonly via: string | undefined
}

/** What stands in a message on the wire: a field, or an embedded message whose fields stand in the JSON of this one. */
export type WirePart =
  | { readonly number: number; readonly slot: number; readonly field: MessageField }
  | { readonly number: number; readonly slot: number; readonly inline: Message }

/** A built-in type as Go declares it: the source of its JSON shape and of its protobuf form. */
export interface Message {
  /** `k8s.io.api.core.v1.Container`. */
  readonly name: string
  /** `Container`, and `v1.Container` as Go's messages write the type. */
  readonly struct: string
  readonly goType: string
  readonly form: Form | undefined
  /** In the order of the struct, which is that of the JSON; fields of embedded messages in their place. */
  readonly fields: readonly MessageField[]
  /** The index of each JSON name in `fields`. */
  readonly slots: ReadonlyMap<string, number>
  /** By ascending number, as they are written. `slot` is the index in `fields` of the field, or of the embedded message's first one. */
  readonly wire: readonly WirePart[]
  readonly byNumber: ReadonlyMap<number, WirePart>
  /** It is a kind of its own: its JSON has apiVersion and kind, its message has not. */
  readonly isKind: boolean
}

const corePackage = 'k8s.io.api.core.v1.'
const quantity = 'k8s.io.apimachinery.pkg.api.resource.Quantity'

type FieldRow = readonly [number: number, name: string, type: string, label: string, flags: string, goName?: string]

interface MessageRow {
  readonly openapi?: string
  readonly form?: Form
  readonly f: readonly FieldRow[]
}

interface Table {
  readonly rows: Readonly<Record<string, MessageRow>>
  readonly byType: ReadonlyMap<string, string>
}

let table: Table | undefined

/** Read once, on first use. */
function messageTable(): Table {
  if (table) return table
  const text = readFileSync(new URL('./facts/protobuf.json', import.meta.url), 'utf8')
  const { messages: rows } = JSON.parse(text) as { readonly messages: Readonly<Record<string, MessageRow>> }
  const byType = new Map<string, string>()
  for (const [name, { openapi }] of Object.entries(rows)) if (openapi !== undefined) byType.set(openapi, name)
  table = { rows, byType }
  return table
}

const built = new Map<string, Message>()

/** A message by its protobuf name. Throws for a name that the table does not have: that is a bug. */
export function messageNamed(name: string): Message {
  const known = built.get(name)
  if (known) return known
  const row = messageTable().rows[name]
  if (!row) throw new Error(`no message ${name} in the fact tables`)
  return buildMessage(name, row)
}

/** The message of a type by its OpenAPI name; undefined for types that have none. */
export function messageOfType(openapi: string): Message | undefined {
  const name = messageTable().byType.get(openapi)
  return name === undefined ? undefined : messageNamed(name)
}

/** Kinds that are sent but published in no OpenAPI document. */
const unpublishedKinds: readonly (readonly [kind: string, message: string])[] = [
  ['meta.k8s.io/v1/PartialObjectMetadata', 'k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata'],
  ['meta.k8s.io/v1/PartialObjectMetadataList', 'k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList'],
  ['meta.k8s.io/v1beta1/PartialObjectMetadata', 'k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata'],
  [
    'meta.k8s.io/v1beta1/PartialObjectMetadataList',
    'k8s.io.apimachinery.pkg.apis.meta.v1beta1.PartialObjectMetadataList',
  ],
  ['meta.k8s.io/v1/DeleteOptions', 'k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions'],
  ['policy/v1beta1/Eviction', 'k8s.io.api.policy.v1beta1.Eviction'],
  ['apidiscovery.k8s.io/v2/APIGroupDiscoveryList', 'k8s.io.api.apidiscovery.v2.APIGroupDiscoveryList'],
]

let kinds: ReadonlyMap<string, string> | undefined

function kindTable(): ReadonlyMap<string, string> {
  if (kinds) return kinds
  const names = new Map<string, string>(unpublishedKinds)
  for (const type of typeNames()) {
    const message = messageTable().byType.get(type)
    if (message === undefined) continue
    for (const [group, version, kind] of kindsOfType(type) ?? []) {
      names.set(group === '' ? `${version}/${kind}` : `${group}/${version}/${kind}`, message)
    }
  }
  kinds = names
  return names
}

/** The message of a whole object; undefined for kinds without a protobuf form. */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  const name = kindTable().get(`${apiVersion}/${kind}`)
  return name === undefined ? undefined : messageNamed(name)
}

function buildMessage(name: string, row: MessageRow): Message {
  const parts = name.split('.')
  const struct = parts.at(-1) ?? name
  const fields: MessageField[] = []
  const slots = new Map<string, number>()
  const wire: WirePart[] = []
  const byNumber = new Map<number, WirePart>()
  const isKind = row.openapi !== undefined && kindsOfType(row.openapi) !== undefined
  const goType = `${parts.at(-2) ?? ''}.${struct}`
  const message: Message = { name, struct, goType, form: row.form, fields, slots, wire, byNumber, isKind }
  built.set(name, message) // before its fields, which may lead back here
  for (const fieldRow of row.f) {
    const [number, , type, , flags] = fieldRow
    const slot = fields.length
    if (!flags.includes('i')) {
      const field = buildField(fieldRow, name)
      fields.push(field)
      wire.push({ number, slot, field })
      continue
    }
    const inline = messageNamed(type.slice(1))
    if (inline.wire.length === 0) throw new Error(`${inline.name} embeds itself`)
    for (const field of inline.fields) {
      fields.push({ ...field, via: field.via === undefined ? inline.struct : `${inline.struct}.${field.via}` })
    }
    wire.push({ number, slot, inline })
  }
  for (const [slot, field] of fields.entries()) slots.set(field.name, slot)
  wire.sort((a, b) => a.number - b.number)
  for (const part of wire) byNumber.set(part.number, part)
  return message
}

function buildField([number, name, type, label, flags, goName]: FieldRow, owner: string): MessageField {
  const reference = type.startsWith('.') ? type.slice(1) : undefined
  return {
    number,
    name,
    goName: goName ?? name,
    scalar: reference === undefined ? (type as Scalar) : undefined,
    message: reference === undefined ? undefined : messageNamed(reference),
    repeated: label === 'r',
    key: label.startsWith('m:') ? (label.slice(2) as Scalar) : undefined,
    pointer: flags.includes('p'),
    omitEmpty: flags.includes('e'),
    omitZero: flags.includes('z'),
    resourceList: owner.startsWith(corePackage) && label.startsWith('m:') && reference === quantity,
    via: undefined,
  }
}
