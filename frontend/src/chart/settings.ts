// What a person likes: which indicators with which parameters, which axis and zone; kept by the browser.

import type { Axis } from './address'

const KEY = 'chart-tools'

export interface Liked {
  indicators: string[]
  /** Parameters of indicators that are not the usual ones. */
  parameters: Record<string, number[]>
  axis: Axis
  zone: string
  /** Whether points of drawings snap to prices of candles. */
  magnet: boolean
}

export function liked(): Partial<Liked> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return kept !== null && typeof kept === 'object' ? (kept as Partial<Liked>) : {}
  } catch {
    return {} // a browser that keeps nothing, or nonsense in it
  }
}

export function like(what: Partial<Liked>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...liked(), ...what }))
  } catch {
    // It holds for this visit.
  }
}
