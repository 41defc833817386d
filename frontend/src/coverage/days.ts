// The days of a series: what is known of each, as the heat map and the table need it.

export const DAY_MS = 86_400_000

/** One day of the answer: day, expected, stored, empty, missing, failed, unpublished, revised. */
export type DayRow = [number, number, number, number, number, number, number, number]

export interface Counts {
  expected: number
  stored: number
  empty: number
  missing: number
  failed: number
  unpublished: number
  revised: number
}

export interface Coverage {
  series: string
  /** The smaller series of which this one is summed; then all is said of that one. */
  derived_from: string | null
  bucket: 'day' | 'month'
  days: DayRow[]
  /** Open times of the first and the last candle that are held. */
  first_ms: number | null
  last_ms: number | null
  /** From the first place for a candle to the last close. */
  start_ms: number | null
  end_ms: number | null
  totals: Counts
}

/** From what needs nobody to what needs somebody most. */
export const STATES = ['none', 'complete', 'revised', 'empty', 'unpublished', 'missing', 'failed'] as const
export type State = (typeof STATES)[number]

export interface Day extends Counts {
  /** Midnight UTC of this day. */
  ms: number
  state: State
  /** The day in which the candle opens that holds this day; of intervals up to a day, itself. */
  startMs: number
  /** Midnight after the last day of that candle. */
  endMs: number
}

const NOTHING: Counts = { expected: 0, stored: 0, empty: 0, missing: 0, failed: 0, unpublished: 0, revised: 0 }

export const floorDay = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS

export const yearOf = (ms: number): number => new Date(ms).getUTCFullYear()

/** `2024-03-05` */
export const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Midnight of a day written as `2024-03-05`, or null when it is none. */
export function readDay(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null
  const ms = Date.parse(`${text}T00:00:00Z`)
  return Number.isNaN(ms) || isoDay(ms) !== text ? null : ms
}

export function stateOf(counts: Counts): State {
  if (counts.expected <= 0) return 'none'
  if (counts.failed > 0) return 'failed'
  if (counts.missing > 0) return 'missing'
  if (counts.unpublished > 0) return 'unpublished'
  if (counts.empty > 0) return 'empty'
  return counts.revised > 0 ? 'revised' : 'complete'
}

export function noDay(ms: number): Day {
  return { ...NOTHING, ms, state: 'none', startMs: ms, endMs: ms + DAY_MS }
}

function countsOf([, expected, stored, empty, missing, failed, unpublished, revised]: DayRow): Counts {
  return { expected, stored, empty, missing, failed, unpublished, revised }
}

/** Midnight after the last day of the candle of `interval` that opens on the day `ms`. */
export function candleEnd(ms: number, interval: string): number {
  const length = Number.parseInt(interval, 10)
  const open = new Date(ms)
  if (interval.endsWith('M')) return Date.UTC(open.getUTCFullYear(), open.getUTCMonth() + length, 1)
  if (interval.endsWith('w')) return ms + length * 7 * DAY_MS
  return ms + (interval.endsWith('d') ? length : 1) * DAY_MS
}

/** All days that are known, by their midnight; a candle of a week stands in all its seven days. */
export class Days {
  private readonly known = new Map<number, Day>()
  readonly first: number | null
  readonly last: number | null

  constructor(rows: DayRow[], interval: string) {
    for (const row of rows) this.add(row, interval)
    const all = [...this.known.keys()]
    this.first = all[0] ?? null
    this.last = all.at(-1) ?? null
  }

  private add(row: DayRow, interval: string): void {
    const counts = countsOf(row)
    const startMs = row[0]
    // Between the opens of long candles the answer may have days of which nothing is expected.
    if (counts.expected <= 0) return
    const endMs = candleEnd(startMs, interval)
    const state = stateOf(counts)
    for (let ms = startMs; ms < endMs; ms += DAY_MS) {
      this.known.set(ms, { ...counts, ms, state, startMs, endMs })
    }
  }

  at(ms: number): Day {
    return this.known.get(ms) ?? noDay(ms)
  }

  /** The years to draw, newest first. */
  years(): number[] {
    if (this.first === null || this.last === null) return []
    const [from, to] = [yearOf(this.first), yearOf(this.last)]
    return Array.from({ length: to - from + 1 }, (_, back) => to - back)
  }

  /** Every day from January to December of a year, known or not. */
  ofYear(year: number): Day[] {
    const [start, end] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)]
    return Array.from({ length: (end - start) / DAY_MS }, (_, day) => this.at(start + day * DAY_MS))
  }

  /** The days of which something is to be told, one for each candle where candles are longer. */
  incomplete(): Day[] {
    return [...this.known.values()].filter((day) => day.ms === day.startMs && day.state !== 'complete')
  }

  /** The next day to look at before (-1) or after (1) one, or null. */
  nextIncomplete(ms: number, step: -1 | 1): number | null {
    const found = this.incomplete().map((day) => day.ms)
    if (step === 1) return found.find((one) => one > ms) ?? null
    return found.findLast((one) => one < ms) ?? null
  }
}

/** How many of the expected places are explained: held, or known to be empty. */
export function accounted(totals: Counts): number {
  return totals.expected - totals.missing - totals.failed - totals.unpublished
}
