// What the server tells of candles that move: the shapes of its events, and where to hear them.

export type SeriesStatus = 'live' | 'polling' | 'unreachable' | 'starting'

export interface SeriesState {
  status: SeriesStatus
  since_ms: number
  error: string | null
}

export interface Hello {
  id: string
  now_ms: number
  label: string | null
  states: Record<string, SeriesState>
}

export interface LiveCandle {
  series: string
  /** Eleven values, as in the rows of `/api/v1/candles`. */
  row: (number | string | null)[]
  closed: boolean
  source: 'stream' | 'rest'
  event_ms: number
  sent_ms: number
}

export interface StateChange extends SeriesState {
  series: string
}

export interface Kept {
  series: string
  updated_ms: number
}

export const KINDS = ['hello', 'candle', 'state', 'kept', 'lost', 'beat'] as const
export type Kind = (typeof KINDS)[number]

/** The part of the browser's EventSource that is used. */
export interface Source {
  readonly readyState: number
  onerror: ((event: Event) => void) | null
  addEventListener(kind: string, heard: (event: MessageEvent<string>) => void): void
  close(): void
}

export function eventsUrl(series: readonly string[], after: string): string {
  const query = new URLSearchParams({ series: series.join(',') })
  if (after) query.set('after', after)
  return `/api/v1/events?${query}`
}

const ORDER: SeriesStatus[] = ['unreachable', 'starting', 'polling', 'live']

/** The state of the series that stands worst; null when none is known. */
export function worst(states: Iterable<SeriesState>): SeriesState | null {
  const sorted = [...states].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
  return sorted[0] ?? null
}
