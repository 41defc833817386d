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
  /** The smaller series of which these are sums; null or absent for the exchange's own candles. */
  derived_from?: string | null
  /** Open times of sums that cannot be complete, each with the reason. */
  incomplete?: [number, string][]
  has_older?: boolean
}

export interface SeriesLine {
  series: string
  exchange: string
  symbol: string
  interval: string
  price_decimals: number | null
  candles: number
  first_ms: number | null
  last_ms: number | null
  revisions: number
  /** All intervals that can be shown for the symbol, those made of smaller candles too. */
  intervals?: { interval: string; derived: boolean }[]
}

export interface Gap {
  start_ms: number
  end_ms: number
  candles: number
  reason: string
  words: string
}

export interface Version {
  open: string
  high: string
  low: string
  close: string
  volume: string
  [field: string]: string | number | boolean | null
}

export interface Revised {
  open_ms: number
  versions: Version[]
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

const TIMEOUT_MS = 10_000

/** The server answered, but not with what was asked; the message is fit to be shown. */
export class Refused extends Error {}

async function refused(answer: Response): Promise<Refused> {
  const body = await answer.json().catch(() => null)
  return new Refused(body?.error?.message ?? `The server answered ${answer.status}.`)
}

/** Answers that came before anybody asked, by their addresses. */
const foreseen = new Map<string, { body: unknown; etag: string | null }>()

/** Asks for an address before it is needed: who watches it then has the answer at once. */
export async function foresee(url: string): Promise<void> {
  const answer = await ask(url)
  if (answer.ok) foreseen.set(url, { body: await answer.json(), etag: answer.headers.get('ETag') })
}

const ask = (url: string, headers: HeadersInit = {}): Promise<Response> =>
  fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) })

/** Asks for one address; `get` gives null while the answer is the same as before. */
export class Watched<T> {
  private etag: string | null = null

  constructor(readonly url: string) {}

  /** The answer that was foreseen, if it is there and was not taken yet. */
  take(): T | null {
    const found = foreseen.get(this.url)
    if (!found) return null
    foreseen.delete(this.url)
    this.etag = found.etag
    return found.body as T
  }

  async get(): Promise<T | null> {
    const answer = await ask(this.url, this.etag ? { 'If-None-Match': this.etag } : {})
    if (answer.status === 304) return null
    const body = await bodyOf<T>(answer)
    this.etag = answer.headers.get('ETag')
    return body
  }

  /** The answer, whether or not it is the same. */
  async once(): Promise<T> {
    return bodyOf<T>(await ask(this.url))
  }
}

async function bodyOf<T>(answer: Response): Promise<T> {
  if (!answer.ok) throw await refused(answer)
  return (await answer.json()) as T
}

type Parameters = Record<string, string | number | boolean | undefined>

/** An address of the interface, with what is asked. */
export function address(path: string, parameters: Parameters = {}): string {
  const asked = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(asked.map(([name, value]) => [name, String(value)]))
  return `/api/v1/${path}${asked.length ? `?${query}` : ''}`
}

export interface Asked extends Parameters {
  series: string
  limit?: number
  since?: number
  until?: number
}

export const statusOf = () => new Watched<Status>(address('status', { brief: true }))
export const marketCapsOf = () => new Watched<MarketCaps>(address('market-caps'))
export const seriesOf = () => new Watched<{ series: SeriesLine[] }>(address('series'))
export const candles = (asked: Asked) => new Watched<CandlesAnswer>(address('candles', asked))
export const gaps = (asked: Asked) => new Watched<{ gaps: Gap[] }>(address('gaps', asked))
export const revisions = (asked: Asked) => new Watched<{ revisions: Revised[] }>(address('revisions', asked))
