// What a link carries in its fragment, because the address does not hold it: drawings and parameters.

import type { Drawing } from './drawing'

/** Longer links are cut by programs that people paste them into. */
const MOST_BYTES = 8192
const HEAD = '#d='

export interface Carried {
  /** Drawings by symbol. */
  drawings: Record<string, Drawing[]>
  /** Parameters of indicators. */
  parameters: Record<string, readonly number[]>
}

/** What a fragment carries, as text that any program leaves alone. */
export function pack(carried: Carried): string {
  const bytes = new TextEncoder().encode(JSON.stringify(carried))
  return HEAD + btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** What a fragment carries; null when it is none of ours. */
export function unpack(fragment: string): Partial<Carried> | null {
  if (!fragment.startsWith(HEAD) || fragment.length > MOST_BYTES) return null
  try {
    const text = atob(fragment.slice(HEAD.length).replaceAll('-', '+').replaceAll('_', '/'))
    const found: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (one) => one.charCodeAt(0))))
    return found !== null && typeof found === 'object' ? found : null
  } catch {
    return null
  }
}

/** A fragment with as many drawings as it can carry, and how many it cannot. */
export function packed({ drawings, parameters }: Carried): { fragment: string; left: number } {
  const carried: Carried = { drawings: {}, parameters }
  const all = Object.entries(drawings).flatMap(([symbol, ones]) => ones.map((one) => [symbol, one] as const))
  let fragment = Object.keys(parameters).length > 0 ? pack(carried) : ''
  let left = 0
  for (const [symbol, one] of all) {
    const before = carried.drawings[symbol] ?? []
    carried.drawings[symbol] = [...before, one]
    const next = pack(carried)
    if (next.length <= MOST_BYTES) fragment = next
    else {
      carried.drawings[symbol] = before
      left += 1
    }
  }
  return { fragment, left }
}
