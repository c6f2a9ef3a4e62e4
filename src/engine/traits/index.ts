import { annotations } from './annotations.ts'
import { jsonMergePatch } from './json-merge-patch.ts'
import { jsonPatch } from './json-patch.ts'
import { labels } from './labels.ts'
import { scaler } from './scaler.ts'
import type { Trait } from './trait.ts'

/** Every trait type that the engine knows. */
export const traits: ReadonlyMap<string, Trait> = new Map<string, Trait>(
  [annotations, jsonMergePatch, jsonPatch, labels, scaler].map((trait) => [trait.type, trait]),
)
