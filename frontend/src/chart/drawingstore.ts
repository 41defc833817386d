// Where drawings are kept: in the browser, by symbol, so that a reload and other tabs find them.

import { parseSeries } from '../shared/intervals'
import { type Drawing, drawingsOf } from './drawing'

const PREFIX = 'drawings:'

/** The key of a series' symbol; all its intervals share their drawings. */
export function symbolOf(series: string): string {
  const { exchange, symbol } = parseSeries(series)
  return `${exchange}:${symbol}`
}

export class DrawingStore {
  private readonly known = new Map<string, Drawing[]>()

  /** `changed` is told of symbols whose drawings another tab has changed. */
  constructor(changed: (symbol: string) => void) {
    addEventListener('storage', ({ key }) => {
      if (!key?.startsWith(PREFIX)) return
      const symbol = key.slice(PREFIX.length)
      this.known.delete(symbol)
      changed(symbol)
    })
  }

  of(symbol: string): readonly Drawing[] {
    const known = this.known.get(symbol) ?? load(symbol)
    this.known.set(symbol, known)
    return known
  }

  keep(symbol: string, drawings: Drawing[]): void {
    this.known.set(symbol, drawings)
    try {
      if (drawings.length > 0) localStorage.setItem(PREFIX + symbol, JSON.stringify(drawings))
      else localStorage.removeItem(PREFIX + symbol)
    } catch {
      // A browser that keeps nothing, or has no room: they are there for this visit.
    }
  }

  put(symbol: string, drawing: Drawing): void {
    const known = this.of(symbol)
    const there = known.some(({ id }) => id === drawing.id)
    this.keep(symbol, there ? known.map((one) => (one.id === drawing.id ? drawing : one)) : [...known, drawing])
  }

  remove(symbol: string, id: string): void {
    this.keep(symbol, this.of(symbol).filter((one) => one.id !== id))
  }
}

function load(symbol: string): Drawing[] {
  try {
    return drawingsOf(JSON.parse(localStorage.getItem(PREFIX + symbol) ?? '[]'))
  } catch {
    return []
  }
}
