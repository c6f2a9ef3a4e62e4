import type { KubeObject } from '../../../src/machinery/object.ts'
import type { Reply } from '../../exchange.ts'
import { recordUpdate } from '../../registry/field-ownership.ts'
import { kindOf } from '../../registry/operations.ts'
import { answerOther, representationOf } from '../answer.ts'
import { readObject } from '../body.ts'
import { type ApiRequest, writeContext } from '../handler.ts'
import { parseWriteOptions } from '../options.ts'

/** Reads a review, lets `judge` fill its status, and answers it with 201. `owned` adds managed fields, as kube-apiserver does. */
export async function answerReview(
  request: ApiRequest,
  owned: boolean,
  judge: (review: KubeObject) => Promise<Record<string, unknown>> | Record<string, unknown>,
): Promise<Reply> {
  const representation = representationOf(request, 'object')
  const options = parseWriteOptions(request.info.query, 'CreateOptions')
  const body = await readObject(request, options.fieldValidation)
  const { definition } = request.resource
  const { group, version, kind } = kindOf(definition)
  const metadata = (body['metadata'] ?? {}) as KubeObject['metadata']
  const { status: _status, ...asked } = body
  const review: KubeObject = { ...asked, kind, apiVersion: `${group}/${version}`, metadata }
  const context = writeContext(request, options)
  const recorded = owned ? recordUpdate(definition, undefined, review, '', context) : review
  return answerOther(representation, 201, { ...recorded, ...(await judge(review)) })
}
