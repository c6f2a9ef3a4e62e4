import type { Endpoint } from '../fixtures/control-plane.ts'
import { type Sent, send } from '../fixtures/send.ts'
import type { Case } from './case.ts'
import { type Normalised, Normaliser } from './normalise.ts'

/** The answers of one server to one case, in order, comparable. */
export async function answersOf(
  endpoint: Endpoint,
  { requests }: Case,
  namespace: string,
): Promise<readonly Normalised[]> {
  const normaliser = new Normaliser()
  const answers: Normalised[] = []
  await send(endpoint, {
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { metadata: { name: namespace } },
  })
  let last: Last = { resourceVersion: '1', uid: '' }
  for (const request of requests) {
    const received = await send(endpoint, filled(request, namespace, last))
    last = lastOf(received.text) ?? last
    answers.push(normaliser.normalise({ ...received, text: received.text.replaceAll(namespace, 'NS') }))
  }
  await send(endpoint, { method: 'DELETE', path: `/api/v1/namespaces/${namespace}` })
  return answers
}

interface Last {
  readonly resourceVersion: string
  readonly uid: string
}

function filled(request: Sent, namespace: string, last: Last): Sent {
  const fill = (text: string) =>
    text
      .replace(/\bNS\b/g, namespace)
      .replace(/\bRV\b/g, last.resourceVersion)
      .replace(/\bUID\b/g, last.uid)
  const body =
    request.body === undefined || typeof request.body === 'string'
      ? request.body
      : (JSON.parse(fill(JSON.stringify(request.body))) as unknown)
  return {
    ...request,
    path: fill(request.path),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? fill(body) : body }),
  }
}

function lastOf(text: string): Last | undefined {
  try {
    const { metadata } = JSON.parse(text) as { metadata?: { resourceVersion?: string; uid?: string } }
    if (metadata?.resourceVersion === undefined) return undefined
    return { resourceVersion: metadata.resourceVersion, uid: metadata.uid ?? '' }
  } catch {
    return undefined
  }
}
