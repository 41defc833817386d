// What the page shows, as it stands in its address: to be shared, and to come back to.

export const TOP = { least: 2, most: 50, usual: 10 } as const

export const RANGES = {
  '2d': 2 * 86_400_000,
  '1w': 7 * 86_400_000,
  '1m': 30 * 86_400_000,
  '1y': 365 * 86_400_000,
  all: null,
} as const

export type Range = keyof typeof RANGES

export interface Asked {
  top: number
  others: boolean
  /** Epoch milliseconds; null shows what is newest, and goes with the time. */
  at: number | null
  range: Range
}

export function bounded(top: number): number {
  return Number.isFinite(top) ? Math.min(TOP.most, Math.max(TOP.least, Math.round(top))) : TOP.usual
}

function time(text: string | null): number | null {
  const ms = text === null ? Number.NaN : Date.parse(text)
  return Number.isFinite(ms) && ms >= 0 ? ms : null
}

/** What a query asks for; what makes no sense in it is left out. */
export function read(query: string): Asked {
  const asked = new URLSearchParams(query)
  const range = asked.get('range') ?? 'all'
  const top = asked.get('top')
  return {
    top: top === null ? TOP.usual : bounded(Number.parseFloat(top)),
    others: asked.get('others') === '1',
    at: time(asked.get('at')),
    range: Object.hasOwn(RANGES, range) ? (range as Range) : 'all',
  }
}

/** The query that asks for this; what is usual is left out. */
export function written(asked: Asked): string {
  const query = new URLSearchParams()
  if (asked.top !== TOP.usual) query.set('top', String(asked.top))
  if (asked.others) query.set('others', '1')
  if (asked.at !== null) query.set('at', new Date(asked.at).toISOString())
  if (asked.range !== 'all') query.set('range', asked.range)
  const text = query.toString().replaceAll('%3A', ':')
  return text ? `?${text}` : ''
}
