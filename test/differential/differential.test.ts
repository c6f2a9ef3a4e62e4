import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ControlPlane, noControlPlane, startControlPlane } from '../fixtures/control-plane.ts'
import { startTestHub, type TestHub } from '../fixtures/hub.ts'
import type { Case } from './case.ts'
import { everyKind } from './cases/every-kind.ts'
import { requests } from './cases/requests.ts'
import { answersOf } from './compare.ts'
import { knownDifference } from './known-differences.ts'

const cases: readonly Case[] = [...everyKind, ...requests]

// The judge: what a real kube-apiserver answers is right.
describe.skipIf(noControlPlane !== undefined)(
  `the hub answers as kube-apiserver does${noControlPlane ? ` (${noControlPlane})` : ''}`,
  () => {
    let real: ControlPlane
    let hub: TestHub

    beforeAll(async () => {
      ;[real, hub] = await Promise.all([
        startControlPlane({
          controllers: 'namespace-controller,serviceaccount-controller,root-ca-certificate-publisher-controller',
        }),
        startTestHub(),
      ])
    })

    afterAll(async () => {
      await Promise.all([real?.dispose(), hub?.dispose()])
    })

    for (const [index, one] of cases.entries()) {
      const title = `${one.section} · ${one.name}`
      const known = knownDifference(title)
      test.skipIf(known !== undefined)(known ? `${title} (known difference: ${known})` : title, async () => {
        const namespace = `diff-${index}`
        const [ours, theirs] = await Promise.all([answersOf(hub, one, namespace), answersOf(real, one, namespace)])
        expect(ours).toEqual(theirs)
      })
    }
  },
)
