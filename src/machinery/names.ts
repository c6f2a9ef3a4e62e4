/**
 * The kinds of names that Kubernetes knows, and what is wrong with one (Kubernetes documentation, “Object Names and IDs”). Each check
 * returns every complaint, in the words of kube-apiserver 1.36, and an empty list for a good name.
 */
export type NameCheck = (value: string) => readonly string[]

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValue = `(${qualified})?`
const configKey = '[-._a-zA-Z0-9]+'
const percent = '[0-9]+%'
const httpHeader = '[-A-Za-z0-9]+'

const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const wildcardRule =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
const qualifiedRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

const anchored = (pattern: string) => new RegExp(`^${pattern}$`)
const labelPattern = anchored(label)
const subdomainPattern = anchored(subdomain)
const wildcardPattern = anchored(`\\*\\.${subdomain}`)
const qualifiedPattern = anchored(qualified)
const labelValuePattern = anchored(labelValue)
const configKeyPattern = anchored(configKey)
const percentPattern = anchored(percent)
const httpHeaderPattern = anchored(httpHeader)

/** The rule, examples of what it allows, and the pattern behind it: how Kubernetes ends its refusals. */
function explain(rule: string, pattern: string, ...examples: readonly string[]): string {
  const listed = examples.map((example) => `'${example}', `).join(' or ')
  return `${rule} (e.g. ${listed}regex used for validation is '${pattern}')`
}

const tooManyCharacters = (value: string, limit: number) =>
  Buffer.byteLength(value) > limit ? [`must be no more than ${limit} characters`] : []

/** `must be between 1 and 65535, inclusive`. */
export const inclusiveRange = (low: number, high: number) => `must be between ${low} and ${high}, inclusive`

/** A lower-case DNS name of up to 253 characters: what most objects are called. */
export const subdomainName: NameCheck = (value) => [
  ...tooManyCharacters(value, 253),
  ...(subdomainPattern.test(value) ? [] : [explain(subdomainRule, subdomain, 'example.com')]),
]

/** One part of a DNS name, up to 63 characters: namespaces, services, containers, volumes. */
export const labelName: NameCheck = (value) => {
  const complaints = tooManyCharacters(value, 63)
  if (labelPattern.test(value)) return complaints
  if (subdomainPattern.test(value)) return [...complaints, 'must not contain dots']
  return [...complaints, explain(labelRule, label, 'my-name', '123-abc')]
}

/** `*.example.com`: hosts of an Ingress may begin so. */
export const wildcardSubdomainName: NameCheck = (value) => [
  ...tooManyCharacters(value, 253),
  ...(wildcardPattern.test(value) ? [] : [explain(wildcardRule, `\\*\\.${subdomain}`, '*.example.com')]),
]

/** A key of a label, an annotation or a finalizer: `[prefix/]name`. */
export const qualifiedName: NameCheck = (value) => {
  const parts = value.split('/')
  if (parts.length > 2) {
    const rule = explain(`a valid label key ${qualifiedRule}`, qualified, 'MyName', 'my.name', '123-abc')
    return [`${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const name = parts.at(-1) ?? ''
  const complaints = parts.length === 2 ? prefixComplaints(parts[0] ?? '') : []
  if (name === '') complaints.push('name part must be non-empty')
  else if (Buffer.byteLength(name) > 63) complaints.push('name part must be no more than 63 bytes')
  if (!qualifiedPattern.test(name)) {
    complaints.push(explain(`name part ${qualifiedRule}`, qualified, 'MyName', 'my.name', '123-abc'))
  }
  return complaints
}

function prefixComplaints(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty']
  return subdomainName(prefix).map((complaint) => `prefix part ${complaint.replace(/253 characters$/, '253 bytes')}`)
}

/** The value of a label: up to 63 bytes, or empty. */
export const labelValueText: NameCheck = (value) => [
  ...(Buffer.byteLength(value) > 63 ? ['must be no more than 63 bytes'] : []),
  ...(labelValuePattern.test(value)
    ? []
    : [
        explain(
          `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
          labelValue,
          'MyValue',
          'my_value',
          '12345',
        ),
      ]),
]

/** Anything that can be one segment of a URL path: names of RBAC objects. */
export const pathSegmentName: NameCheck = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%']
    .filter((character) => value.includes(character))
    .map((character) => `may not contain '${character}'`)
}

/** A key of a ConfigMap or a Secret, which becomes a file name. */
export const configKeyName: NameCheck = (value) => [
  ...tooManyCharacters(value, 253),
  ...(configKeyPattern.test(value)
    ? []
    : [
        explain(
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
          configKey,
          'key.name',
          'KEY_NAME',
          'key-name',
        ),
      ]),
  ...leavesDirectory(value),
]

function leavesDirectory(value: string): readonly string[] {
  if (value === '.' || value === '..') return [`must not be '${value}'`]
  return value.startsWith('..') ? ["must not start with '..'"] : []
}

/** The name of an environment variable: printable ASCII but for `=`. */
export const environmentName: NameCheck = (value) => {
  if (value === '') return ['environment variable name must be non-empty']
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

/** The name of a port (RFC 6335, service names): up to 15 lower-case letters, digits and hyphens, at least one letter. */
export const portName: NameCheck = (value) => {
  const complaints = [...tooManyCharacters(value, 15)]
  if (!/^[-a-z0-9]+$/.test(value)) {
    complaints.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  }
  if (!/[a-z]/.test(value)) complaints.push('must contain at least one letter (a-z)')
  if (value.includes('--')) complaints.push('must not contain consecutive hyphens')
  if (value.startsWith('-') || value.endsWith('-')) complaints.push('must not begin or end with a hyphen')
  return complaints
}

/** A port number. */
export const portNumber = (value: number): readonly string[] =>
  Number.isInteger(value) && value >= 1 && value <= 65_535 ? [] : [inclusiveRange(1, 65_535)]

/** `25%`. */
export const percentText: NameCheck = (value) =>
  percentPattern.test(value)
    ? []
    : [explain("a valid percent string must be a numeric string followed by an ending '%'", percent, '1%', '93%')]

/** The name of an HTTP header. */
export const httpHeaderName: NameCheck = (value) =>
  httpHeaderPattern.test(value)
    ? []
    : [explain("a valid HTTP header must consist of alphanumeric characters or '-'", httpHeader, 'X-Header-Name')]

/** The first complaint about a value, or undefined: the form in which a ResourceDefinition checks names. */
export function firstComplaint(check: NameCheck): (value: string) => string | undefined {
  return (value) => check(value)[0]
}
