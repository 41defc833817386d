// What a search for symbols finds: series that are kept, then symbols that could be.

import type { SeriesLine } from '../shared/api'
import { atInterval } from '../shared/intervals'

export interface Listed {
  exchange: string
  symbol: string
  base: string
  quote: string
  status: string
  kept: string[]
}

export interface Found {
  exchange: string
  symbol: string
  series: string
  about: string
  kept: boolean
}

/** How well a symbol fits what was typed: 0 is best, null not at all. */
function rank(symbol: string, query: string): number | null {
  const place = symbol.indexOf(query)
  if (place < 0) return null
  return symbol === query ? 0 : place === 0 ? 1 : 2
}

/** Kept symbols that fit, best first, each once; opened at `interval` where that can be shown. */
export function keptMatches(lines: readonly SeriesLine[], typed: string, interval: string): Found[] {
  const query = typed.toUpperCase().replace(/[\s/-]/g, '')
  const bySymbol = new Map<string, SeriesLine[]>()
  for (const line of lines) {
    const key = `${line.exchange}:${line.symbol}`
    bySymbol.set(key, [...(bySymbol.get(key) ?? []), line])
  }
  const ranked = [...bySymbol.values()].flatMap((same) => {
    const first = same[0] as SeriesLine
    const fit = rank(first.symbol, query)
    return fit === null ? [] : [{ fit, found: kept(first, same, interval) }]
  })
  return ranked
    .sort((left, right) => left.fit - right.fit || left.found.symbol.localeCompare(right.found.symbol))
    .map((one) => one.found)
}

function kept(first: SeriesLine, same: readonly SeriesLine[], interval: string): Found {
  const shown = first.intervals?.some((one) => one.interval === interval) ?? first.interval === interval
  const series = shown ? atInterval(first.series, interval) : first.series
  const intervals = same.map((line) => line.interval).join(', ')
  return { exchange: first.exchange, symbol: first.symbol, series, about: `${first.exchange} · kept at ${intervals}`, kept: true }
}

/** Symbols of the exchange of which nothing is kept. */
export function others(listed: readonly Listed[], lines: readonly SeriesLine[]): Found[] {
  const held = new Set(lines.map(({ exchange, symbol }) => `${exchange}:${symbol}`))
  return listed
    .filter(({ exchange, symbol }) => !held.has(`${exchange}:${symbol}`))
    .map(({ exchange, symbol, base, quote, status }) => ({
      exchange,
      symbol,
      series: '',
      about: `${exchange} · ${base} in ${quote}${status === 'TRADING' ? '' : ` · ${status.toLowerCase()}`}`,
      kept: false,
    }))
}
