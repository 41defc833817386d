// Candles that changed at the exchange: which values, from what to what.

import { trim } from '../shared/decimals'

export interface Version {
  open_time: number
  /** Since when it was known, and from where; not told of the version in force. */
  known_ms?: number
  source?: string
  [field: string]: unknown
}

export interface Revised {
  open_ms: number
  /** Older ones, oldest first. */
  versions: Version[]
}

/** Candles as the server sends them: what each element of a row is, and the rows. */
export interface Rows {
  columns: string[]
  rows: (number | string | null)[][]
}

/** The same with the version in force at the end of each. */
export function withPresent(revised: Revised[], { columns, rows }: Rows): Revised[] {
  const present = new Map(
    rows.map((row) => [row[0], Object.fromEntries(columns.map((name, at) => [name, row[at]])) as Version]),
  )
  return revised.map(({ open_ms, versions }) => {
    const now = present.get(open_ms)
    return { open_ms, versions: now ? [...versions, now] : versions }
  })
}

export const VALUE_NAMES: Record<string, string> = {
  open: 'Open',
  high: 'High',
  low: 'Low',
  close: 'Close',
  volume: 'Volume',
  quote_volume: 'Quote volume',
  trades: 'Trades',
  taker_buy_volume: 'Taker buy volume',
  taker_buy_quote_volume: 'Taker buy quote vol.',
}

export interface Change {
  name: string
  /** The value in each version, oldest first, digit for digit. */
  values: string[]
}

const text = (value: unknown): string => (value === null || value === undefined ? '–' : String(value))

const same = (left: string, right: string): boolean =>
  left === right || (left !== '–' && right !== '–' && trim(left) === trim(right))

/** The values that are not the same in all versions. */
export function changes(versions: Version[]): Change[] {
  return Object.entries(VALUE_NAMES)
    .map(([field, name]) => ({ name, values: versions.map((one) => text(one[field])) }))
    .filter(({ values }) => values.some((value) => !same(value, values[0] as string)))
}
