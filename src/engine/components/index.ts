import type { Component } from './component.ts'
import { refObjects } from './ref-objects.ts'

/** Every component type that the engine knows. */
export const components: ReadonlyMap<string, Component> = new Map<string, Component>(
  [refObjects].map((component) => [component.type, component]),
)
