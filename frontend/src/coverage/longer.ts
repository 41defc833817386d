// Candles longer than a day: the server counts their months, so each is told from the gaps.

import { candleEnd, type Coverage, type DayRow } from './days'
import { type Gap, toneOf } from './words'

/** A row for each candle of a series, by its open time. */
export function candleRows(coverage: Coverage, gaps: Gap[], revised: Set<number>, interval: string): DayRow[] {
  const { start_ms: start, end_ms: end } = coverage
  if (start === null || end === null) return []
  const rows: DayRow[] = []
  for (let open = start; open < end; open = candleEnd(open, interval)) {
    rows.push(rowOf(open, gaps, revised))
  }
  return rows
}

function rowOf(open: number, gaps: Gap[], revised: Set<number>): DayRow {
  const gap = gaps.find((one) => one.start_ms <= open && open < one.end_ms)
  const state = gap ? toneOf(gap.reason) : 'complete'
  const is = (name: string): number => (state === name ? 1 : 0)
  const stored = state === 'complete' || state === 'none' ? 1 : 0
  return [open, 1, stored, is('empty'), is('missing'), is('failed'), is('unpublished'), revised.has(open) ? 1 : 0]
}
