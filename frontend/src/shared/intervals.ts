// Intervals of candles: how long they are, and which are larger than which.

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Shortest first. A month has no length of its own; its average stands for it. */
const LENGTHS: readonly (readonly [string, number])[] = [
  ['1s', 1000], ['1m', MINUTE], ['3m', 3 * MINUTE], ['5m', 5 * MINUTE], ['15m', 15 * MINUTE],
  ['30m', 30 * MINUTE], ['1h', HOUR], ['2h', 2 * HOUR], ['4h', 4 * HOUR], ['6h', 6 * HOUR],
  ['8h', 8 * HOUR], ['12h', 12 * HOUR], ['1d', DAY], ['3d', 3 * DAY], ['1w', 7 * DAY], ['1M', 30.436875 * DAY],
]
const BY_NAME = new Map(LENGTHS)

export const INTERVALS: readonly string[] = LENGTHS.map(([name]) => name)

/** Milliseconds of an interval. */
export function lengthOf(interval: string): number {
  const length = BY_NAME.get(interval)
  if (length === undefined) throw new Error(`not an interval: ${interval}`)
  return length
}

/** How many candles lie between two that follow each other in a list: 0 when none is absent. */
export function absentBetween(beforeMs: number, afterMs: number, interval: string): number {
  if (interval === '1M') {
    const [before, after] = [new Date(beforeMs), new Date(afterMs)]
    const months = (after.getUTCFullYear() - before.getUTCFullYear()) * 12
    return Math.max(0, months + after.getUTCMonth() - before.getUTCMonth() - 1)
  }
  // Real data has candles that open beside the grid; half a candle's worth is no hole.
  return Math.max(0, Math.round((afterMs - beforeMs) / lengthOf(interval)) - 1)
}

export interface SeriesName {
  exchange: string
  symbol: string
  interval: string
}

export function parseSeries(text: string): SeriesName {
  const [exchange = '', symbol = '', interval = ''] = text.split(':')
  return { exchange, symbol, interval }
}

export const seriesText = ({ exchange, symbol, interval }: SeriesName): string => `${exchange}:${symbol}:${interval}`

/** The same symbol at another interval. */
export const atInterval = (series: string, interval: string): string =>
  seriesText({ ...parseSeries(series), interval })
