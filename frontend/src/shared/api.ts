// The server's REST interface: its shapes, and asking for a thing only when it has changed.

export const FIELDS = [
  'open_time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'close_time',
  'quote_volume',
  'trades',
  'taker_buy_volume',
  'taker_buy_quote_volume',
] as const

export type Field = (typeof FIELDS)[number]
type Row = (number | string | null)[]

export interface CandlesAnswer {
  series: string
  exchange: string
  symbol: string
  interval: string
  price_decimals: number | null
  updated_ms: number | null
  unfinished: number
  columns: string[]
  rows: Row[]
}

export interface Coin {
  id: string
  symbol: string
  name: string
  market_cap: string | null
}

export interface MarketCaps {
  currency: string | null
  taken_ms: number | null
  age_ms: number | null
  error: string | null
  coins: Coin[]
}

export interface Status {
  now_ms: number
  label: string | null
  exchange_error: string | null
  last_attempt_ms: number | null
}

/** The server answered, but not with what was asked; the message is fit to be shown. */
export class Refused extends Error {}

async function refused(answer: Response): Promise<Refused> {
  const body = await answer.json().catch(() => null)
  return new Refused(body?.error?.message ?? `The server answered ${answer.status}.`)
}

/** Asks again and again for one address; `get` gives null while the answer is the same. */
export class Watched<T> {
  private etag: string | null = null

  constructor(private readonly url: string) {}

  async get(): Promise<T | null> {
    const headers: HeadersInit = this.etag ? { 'If-None-Match': this.etag } : {}
    const answer = await fetch(this.url, {
      headers,
      cache: 'no-store',
      signal: AbortSignal.timeout(10_000),
    })
    if (answer.status === 304) return null
    if (!answer.ok) throw await refused(answer)
    const body = (await answer.json()) as T
    this.etag = answer.headers.get('ETag')
    return body
  }
}

export const statusOf = () => new Watched<Status>('/api/v1/status?brief=true')
export const marketCapsOf = () => new Watched<MarketCaps>('/api/v1/market-caps')
export const candlesOf = (series: string) =>
  new Watched<CandlesAnswer>(`/api/v1/candles?limit=500&series=${encodeURIComponent(series)}`)
