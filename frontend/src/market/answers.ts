// What the server tells of the market: shapes and addresses.

import { Watched } from '../shared/api'

export interface MarketCoin {
  id: string
  symbol: string
  name: string
  rank: number | null
  price: string | null
  market_cap: string | null
  change_24h_percent: string | null
  sparkline: string[] | null
  /** A series of the coin that can be shown; a guess by ticker. */
  pair: string | null
}

export interface Others {
  market_cap: string
  coins: number
}

export interface Market {
  currency: string | null
  taken_ms: number | null
  age_ms: number | null
  error: string | null
  coins: MarketCoin[]
  others: Others | null
}

export interface CoinHistory {
  id: string
  symbol: string
  name: string
  caps: (string | null)[]
}

export interface History {
  times_ms: number[]
  coins: CoinHistory[]
  others: (string | null)[]
  kept: number[]
}

export interface Mover {
  id: string
  name: string
  rank: number | null
}

export interface Change {
  taken_ms: number
  entered: Mover[]
  left: Mover[]
}

export interface Changes {
  changes: Change[]
  has_more: boolean
}

const BASE = '/api/v1/market-caps'

/** Asked without a tag there is always an answer. */
async function ask<T>(path: string, asked: Record<string, number | null>): Promise<T> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asked)) if (value !== null) query.set(name, String(value))
  return (await new Watched<T>(`${BASE}${path}?${query}`).get()) as T
}

export const marketAt = (top: number, at: number | null) => ask<Market>('', { top, at })

export const historyOf = (top: number, since: number | null, points: number) =>
  ask<History>('/history', { top, since, points })

export const changesOf = (top: number, limit: number) => ask<Changes>('/changes', { top, limit })
