import { type FieldError, fieldErrors } from '../../src/machinery/field-error.ts'
import { firstComplaint, pathSegmentName } from '../../src/machinery/names.ts'
import { equalJson, fieldAt, type KubeObject } from '../../src/machinery/object.ts'
import type { Behaviour } from './behaviour.ts'
import { age, nameOf, objects, text, texts } from './cells.ts'
import { type ComputedDefault, defaultsOf } from './defaulting.ts'

const rbacGroup = 'rbac.authorization.k8s.io'
const validateName = firstComplaint(pathSegmentName)

function validateRules(role: KubeObject): readonly FieldError[] {
  return objects(role, 'rules').flatMap((rule, index) => validateRule(rule, `rules[${index}]`, role.kind === 'Role'))
}

/** A rule names verbs, and either resources with their groups or URLs; URLs are in no namespace. */
function validateRule(rule: unknown, path: string, namespaced: boolean): readonly FieldError[] {
  const errors: FieldError[] = []
  if (texts(rule, 'verbs').length === 0) {
    errors.push(fieldErrors.required(`${path}.verbs`, 'verbs must contain at least one value'))
  }
  const urls = texts(rule, 'nonResourceURLs')
  const resources = texts(rule, 'resources')
  if (urls.length > 0) {
    if (namespaced) {
      const detail = 'namespaced rules cannot apply to non-resource URLs'
      errors.push(fieldErrors.invalid(`${path}.nonResourceURLs`, urls, detail))
    }
    if (texts(rule, 'apiGroups').length > 0 || resources.length > 0 || texts(rule, 'resourceNames').length > 0) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs'
      errors.push(fieldErrors.invalid(`${path}.nonResourceURLs`, urls, detail))
    }
    return errors
  }
  if (texts(rule, 'apiGroups').length === 0) {
    errors.push(fieldErrors.required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  }
  if (resources.length === 0) {
    errors.push(fieldErrors.required(`${path}.resources`, 'resource rules must supply at least one resource'))
  }
  return errors
}

function validateBinding(binding: KubeObject): readonly FieldError[] {
  const errors: FieldError[] = []
  const group = text(binding, ['roleRef', 'apiGroup'])
  const kind = text(binding, ['roleRef', 'kind'])
  const name = text(binding, ['roleRef', 'name'])
  if (group !== rbacGroup) errors.push(fieldErrors.notSupported('roleRef.apiGroup', group, [rbacGroup]))
  const kinds = binding.kind === 'ClusterRoleBinding' ? ['ClusterRole'] : ['Role', 'ClusterRole']
  if (!kinds.includes(kind)) errors.push(fieldErrors.notSupported('roleRef.kind', kind, kinds))
  if (name === '') errors.push(fieldErrors.required('roleRef.name'))
  else {
    for (const complaint of pathSegmentName(name)) errors.push(fieldErrors.invalid('roleRef.name', name, complaint))
  }
  objects(binding, 'subjects').forEach((subject, index) => {
    errors.push(...validateSubject(subject, `subjects[${index}]`, binding.kind === 'RoleBinding'))
  })
  return errors
}

function validateSubject(subject: unknown, path: string, namespaced: boolean): readonly FieldError[] {
  const errors: FieldError[] = []
  const kind = text(subject, ['kind'])
  const group = text(subject, ['apiGroup'])
  if (text(subject, ['name']) === '') errors.push(fieldErrors.required(`${path}.name`))
  switch (kind) {
    case 'ServiceAccount':
      if (group !== '') errors.push(fieldErrors.notSupported(`${path}.apiGroup`, group, ['']))
      if (!namespaced && text(subject, ['namespace']) === '') errors.push(fieldErrors.required(`${path}.namespace`))
      break
    case 'User':
    case 'Group':
      if (group !== rbacGroup) errors.push(fieldErrors.notSupported(`${path}.apiGroup`, group, [rbacGroup]))
      break
    default:
      errors.push(fieldErrors.notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']))
  }
  return errors
}

/** Errors print the fields by the names that they have in Go. */
const inGo = (reference: unknown) => ({
  APIGroup: text(reference, ['apiGroup']),
  Kind: text(reference, ['kind']),
  Name: text(reference, ['name']),
})

/** A binding that changed its role would let whoever may edit bindings grant rights that nobody reviewed. */
function validateBindingUpdate(binding: KubeObject, old: KubeObject): readonly FieldError[] {
  return equalJson(binding['roleRef'], old['roleRef'])
    ? []
    : [fieldErrors.invalid('roleRef', inGo(binding['roleRef']), 'cannot change roleRef')]
}

const subjectGroup: ComputedDefault = ({ kind }) => (kind === 'User' || kind === 'Group' ? rbacGroup : undefined)

function bindingCells(binding: KubeObject, now: number): readonly unknown[] {
  const subjects = objects(binding, 'subjects')
  const namesOf = (kind: string) =>
    subjects.filter((subject) => subject['kind'] === kind).map((subject) => text(subject, ['name']))
  const accounts = subjects
    .filter((subject) => subject['kind'] === 'ServiceAccount')
    .map((subject) => `${text(subject, ['namespace'])}/${text(subject, ['name'])}`)
  return [
    nameOf(binding),
    `${text(binding, ['roleRef', 'kind'])}/${text(binding, ['roleRef', 'name'])}`,
    age(binding, now),
    namesOf('User').join(', '),
    namesOf('Group').join(', '),
    accounts.join(', '),
  ]
}

/** Roles and ClusterRoles: rights. */
export const roles: Behaviour = { validate: validateRules, validateName }

/** ClusterRoles that gather the rules of others leave theirs to the controller that fills them. */
export const clusterRoles: Behaviour = {
  validate: (role) => [
    ...validateRules(role),
    ...(fieldAt(role, 'aggregationRule') !== undefined &&
    objects(role, 'aggregationRule', 'clusterRoleSelectors').length === 0
      ? [
          fieldErrors.required(
            'aggregationRule.clusterRoleSelectors',
            'at least one clusterRoleSelector required if aggregationRule is non-nil',
          ),
        ]
      : []),
  ],
  validateName,
}

/** RoleBindings and ClusterRoleBindings: who has which rights. */
export const bindings: Behaviour = {
  cells: bindingCells,
  defaults: defaultsOf({ 'roleRef.apiGroup!': rbacGroup, 'subjects[].apiGroup': subjectGroup }),
  validate: validateBinding,
  validateUpdate: validateBindingUpdate,
  validateName,
}
