// Shares of the whole over time, from the market caps: pure, for the area and for its table.

import type { History } from './answers'

export const OTHERS = 'others'

export interface Band {
  id: string
  name: string
  /** Percent of the whole at each time, as a float for the picture. */
  shares: number[]
}

export interface Dominance {
  times: number[]
  bands: Band[]
  /** How many coins the whole is made of at each time, others among them. */
  coins: number[]
}

/** Shares of the coins among themselves, or, `withOthers`, among all that were kept. */
export function dominance(history: History, withOthers: boolean): Dominance {
  const parts = history.coins.map((coin) => ({ id: coin.id, name: coin.name, caps: coin.caps }))
  if (withOthers && history.others.some((cap) => cap !== null)) {
    parts.push({ id: OTHERS, name: 'Others', caps: history.others })
  }
  const wholes = history.times_ms.map((_, at) =>
    parts.reduce((sum, part) => sum + Number(part.caps[at] ?? 0), 0),
  )
  return {
    times: history.times_ms,
    bands: parts.map(({ id, name, caps }) => ({
      id,
      name,
      shares: caps.map((cap, at) => (wholes[at] ? (100 * Number(cap ?? 0)) / (wholes[at] as number) : 0)),
    })),
    coins: history.kept,
  }
}

/** The index of the time nearest to `ms`; -1 when there is none. */
export function nearest(times: readonly number[], ms: number): number {
  let best = -1
  times.forEach((time, index) => {
    if (best < 0 || Math.abs(time - ms) < Math.abs((times[best] as number) - ms)) best = index
  })
  return best
}

/** At most `most` indices of `count`, evenly, the last one always among them; newest first. */
export function thinned(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / most))
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => count - 1 - index * step)
}
