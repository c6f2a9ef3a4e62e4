import { isObject, type Json, type JsonObject } from '../object.ts'
import { fieldElement, type PathElement, parseElement, sortElements } from './path-element.ts'

/** What a set says of one element: whether the element itself is a member, and what it holds below it (never an empty set). */
interface Node {
  member: boolean
  children: FieldSet | undefined
}

const leaf: JsonObject = Object.freeze({})

/**
 * A set of paths into an object: what one manager owns of it. A member need not be a leaf, and owning a member does not mean owning
 * what lies below it. Sets do not change once they are built; operations share what they can and return the set itself when nothing is
 * to be done.
 */
export class FieldSet {
  static readonly empty = new FieldSet(new Map())

  readonly #nodes: Map<PathElement, Node>
  #json: JsonObject | undefined

  private constructor(nodes: Map<PathElement, Node>) {
    this.#nodes = nodes
  }

  /** The set of these paths, each a list of elements from the root. */
  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const builder = new FieldSetBuilder()
    for (const path of paths) builder.insert(path)
    return builder.build()
  }

  /** The set of these paths, each a list of field names from the root: `[['status'], ['metadata', 'labels']]`. */
  static ofFields(...paths: readonly (readonly string[])[]): FieldSet {
    return FieldSet.of(...paths.map((path) => path.map(fieldElement)))
  }

  /** Only for builders in this folder: takes over the map. */
  static fromNodes(nodes: Map<PathElement, { member: boolean; children: FieldSet | undefined }>): FieldSet {
    return nodes.size === 0 ? FieldSet.empty : new FieldSet(nodes)
  }

  /** The set that `fieldsV1` describes. Elements of unknown kinds are passed over; throws SyntaxError for malformed ones. */
  static parse(fieldsV1: unknown): FieldSet {
    if (!isObject(fieldsV1)) throw new SyntaxError('fieldsV1 must be an object')
    const nodes = new Map<PathElement, Node>()
    for (const [text, below] of Object.entries(fieldsV1)) {
      if (text === '.') continue
      const element = parseElement(text)
      if (element === undefined) continue
      const children = FieldSet.parse(below)
      const fields = Object.keys(below as object)
      nodes.set(element, {
        member: fields.length === 0 || Object.hasOwn(below as object, '.'),
        children: children.isEmpty ? undefined : children,
      })
    }
    return FieldSet.fromNodes(nodes)
  }

  /** The set as `fieldsV1`, in the order in which kube-apiserver writes it. The object is shared and frozen in spirit: do not change it. */
  toJson(): JsonObject {
    this.#json ??= this.#encode(false)
    return this.#json
  }

  #encode(self: boolean): JsonObject {
    const json: Record<string, Json> = self ? { '.': leaf } : {}
    for (const element of sortElements(this.#nodes.keys())) {
      const node = this.#nodes.get(element)
      if (node) json[element] = node.children === undefined ? leaf : node.children.#encode(node.member)
    }
    return json
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0
  }

  /** Whether the element, taken from the root of this set, is a member. */
  has(element: PathElement): boolean {
    return this.#nodes.get(element)?.member ?? false
  }

  /** Whether a whole path is a member. */
  hasPath(path: readonly PathElement[]): boolean {
    const [first, ...rest] = path
    if (first === undefined) return false
    return rest.length === 0 ? this.has(first) : (this.below(first)?.hasPath(rest) ?? false)
  }

  /** What the set holds below an element, or undefined when that is nothing. */
  below(element: PathElement): FieldSet | undefined {
    return this.#nodes.get(element)?.children
  }

  /** Every element at the root of this set, whether it is a member or only has members below it. */
  elements(): Iterable<PathElement> {
    return this.#nodes.keys()
  }

  /** Every member as a path, parents before what is below them and the members of one level before anything deeper. */
  *paths(prefix: readonly PathElement[] = []): Iterable<readonly PathElement[]> {
    const elements = sortElements(this.#nodes.keys())
    for (const element of elements) if (this.has(element)) yield [...prefix, element]
    for (const element of elements) {
      const below = this.below(element)
      if (below) yield* below.paths([...prefix, element])
    }
  }

  /** Whether both hold the same paths. */
  equals(other: FieldSet): boolean {
    if (this === other) return true
    if (this.#nodes.size !== other.#nodes.size) return false
    for (const [element, node] of this.#nodes) {
      const theirs = other.#nodes.get(element)
      if (theirs === undefined || theirs.member !== node.member) return false
      if (node.children === undefined || theirs.children === undefined) {
        if (node.children !== theirs.children) return false
      } else if (!node.children.equals(theirs.children)) return false
    }
    return true
  }

  /** The paths of either. */
  union(other: FieldSet): FieldSet {
    if (this === other || other.isEmpty) return this
    if (this.isEmpty) return other
    const nodes = new Map(this.#nodes)
    for (const [element, node] of other.#nodes) {
      const mine = nodes.get(element)
      const children = mine?.children && node.children ? mine.children.union(node.children) : undefined
      nodes.set(element, {
        member: node.member || (mine?.member ?? false),
        children: children ?? mine?.children ?? node.children,
      })
    }
    return new FieldSet(nodes)
  }

  /** The paths of this set that are not in the other. What lies below a path of the other stays. */
  difference(other: FieldSet): FieldSet {
    return this.#combine(other, (mine, theirs) => ({
      member: mine.member && !theirs.member,
      children: theirs.children ? mine.children?.difference(theirs.children) : mine.children,
    }))
  }

  /** The paths of this set that are neither in the other nor below a path of it. */
  recursiveDifference(other: FieldSet): FieldSet {
    return this.#combine(other, (mine, theirs) => {
      if (theirs.member) return { member: false, children: undefined }
      const children = theirs.children ? mine.children?.recursiveDifference(theirs.children) : mine.children
      return { member: mine.member, children }
    })
  }

  #combine(other: FieldSet, rule: (mine: Node, theirs: Node) => Node): FieldSet {
    if (this.isEmpty || other.isEmpty) return this
    let nodes: Map<PathElement, Node> | undefined
    for (const [element, theirs] of other.#nodes) {
      const mine = this.#nodes.get(element)
      if (mine === undefined) continue
      const { member, children } = rule(mine, theirs)
      const left = children?.isEmpty ? undefined : children
      if (member === mine.member && left === mine.children) continue
      nodes ??= new Map(this.#nodes)
      if (member || left) nodes.set(element, { member, children: left })
      else nodes.delete(element)
    }
    return nodes === undefined ? this : FieldSet.fromNodes(nodes)
  }

  /** The paths that are in both. */
  intersection(other: FieldSet): FieldSet {
    if (this === other) return this
    const nodes = new Map<PathElement, Node>()
    for (const [element, mine] of this.#nodes) {
      const theirs = other.#nodes.get(element)
      if (theirs === undefined) continue
      const both = mine.children && theirs.children ? mine.children.intersection(theirs.children) : FieldSet.empty
      const member = mine.member && theirs.member
      if (member || !both.isEmpty) nodes.set(element, { member, children: both.isEmpty ? undefined : both })
    }
    return FieldSet.fromNodes(nodes)
  }

  /** This set with other nodes: what `change` makes of each, which is dropped when it is neither a member nor holds any. */
  map(
    change: (
      element: PathElement,
      member: boolean,
      below: FieldSet | undefined,
    ) => { member: boolean; children: FieldSet | undefined },
  ): FieldSet {
    const nodes = new Map<PathElement, Node>()
    let changed = false
    for (const [element, node] of this.#nodes) {
      const { member, children } = change(element, node.member, node.children)
      const left = children?.isEmpty ? undefined : children
      changed ||= member !== node.member || left !== node.children
      if (member || left) nodes.set(element, { member, children: left })
    }
    return changed ? FieldSet.fromNodes(nodes) : this
  }
}

/** Gathers paths one by one; `build` gives the set and ends the builder. */
export class FieldSetBuilder {
  readonly #root: Tree = new Map()

  insert(path: readonly PathElement[]): void {
    let level = this.#root
    const last = path.length - 1
    for (const [depth, element] of path.entries()) {
      let branch = level.get(element)
      if (branch === undefined) {
        branch = { member: false, below: undefined }
        level.set(element, branch)
      }
      if (depth === last) branch.member = true
      else {
        branch.below ??= new Map()
        level = branch.below
      }
    }
  }

  build(): FieldSet {
    return grown(this.#root)
  }
}

type Tree = Map<PathElement, { member: boolean; below: Tree | undefined }>

function grown(tree: Tree): FieldSet {
  if (tree.size === 0) return FieldSet.empty
  const nodes = new Map<PathElement, Node>()
  for (const [element, { member, below }] of tree) {
    nodes.set(element, { member, children: below === undefined ? undefined : grown(below) })
  }
  return FieldSet.fromNodes(nodes)
}
