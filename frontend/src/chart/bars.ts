// Candles as the chart draws them: floats for the pixels, beside the exact text for the reader.

import type { KLineData } from 'klinecharts'
import { type CandlesAnswer, FIELDS, type Field } from '../shared/api'
import { decimalsOf } from '../shared/decimals'

export type Text = Record<Field, string | null>

export interface Bar extends KLineData {
  text: Text
  closeTime: number
  forming: boolean
}

export function barsOf(answer: CandlesAnswer): Bar[] {
  const at = Object.fromEntries(FIELDS.map((field) => [field, answer.columns.indexOf(field)]))
  const firstForming = answer.rows.length - answer.unfinished
  return answer.rows.map((row, index) => {
    const text = Object.fromEntries(
      FIELDS.map((field) => [field, row[at[field] as number]?.toString() ?? null]),
    ) as Text
    return {
      text,
      forming: index >= firstForming,
      timestamp: Number(text.open_time),
      closeTime: Number(text.close_time),
      open: Number(text.open),
      high: Number(text.high),
      low: Number(text.low),
      close: Number(text.close),
      volume: Number(text.volume ?? 0),
    }
  })
}

/** Digits after the point for prices: as the exchange says, else as many as the prices show. */
export function priceDecimals(answer: CandlesAnswer): number {
  if (answer.price_decimals !== null) return answer.price_decimals
  const close = answer.columns.indexOf('close')
  return Math.max(0, ...answer.rows.slice(-100).map((row) => decimalsOf(String(row[close]))))
}

export function sameBar(left: Bar, right: Bar): boolean {
  return left.forming === right.forming && FIELDS.every((field) => left.text[field] === right.text[field])
}

/**
 * What of `next` the chart does not show yet, when only its end is new: the bars to put in place
 * of the last one and after it. Null when older bars differ too and all must be drawn anew.
 */
export function tailChanges(shown: Bar[], next: Bar[]): Bar[] | null {
  const last = shown.at(-1)
  const first = next[0]
  if (!last || !first) return null
  const start = shown.findIndex((bar) => bar.timestamp === first.timestamp)
  if (start < 0) return null
  for (let index = start; index < shown.length - 1; index += 1) {
    const other = next[index - start]
    if (!other || !sameBar(shown[index] as Bar, other)) return null
  }
  return next.slice(shown.length - 1 - start)
}
