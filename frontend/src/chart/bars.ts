// Candles as the chart draws them: floats for the pixels, beside the exact text for the reader.

import type { KLineData } from 'klinecharts'
import { type CandlesAnswer, FIELDS, type Field } from '../shared/api'
import { decimalsOf } from '../shared/decimals'
import { absentBetween } from '../shared/intervals'

export type Text = Record<Field, string | null>

/** A stretch without candles, from the end of one to the start of the next. */
export interface Absence {
  startMs: number
  endMs: number
  candles: number
}

export interface Bar extends KLineData {
  text: Text
  closeTime: number
  forming: boolean
  /** Why a sum of smaller candles is not complete; null when it is, and for the exchange's own. */
  incomplete: string | null
  /** How many older versions of this candle are kept. */
  revised: number
  /** Set where there is no candle: the bar only holds the place open. */
  absence: Absence | null
}

export type Row = (number | string | null)[]

/** As many places as a stretch without candles takes at most, however long it is. */
const MOST_PLACES = 12

const NO_TEXT = Object.fromEntries(FIELDS.map((field) => [field, null])) as Text

export function barOf(row: Row, columns: readonly string[], forming: boolean): Bar {
  const text = Object.fromEntries(
    FIELDS.map((field) => [field, row[columns.indexOf(field)]?.toString() ?? null]),
  ) as Text
  return {
    text,
    forming,
    incomplete: null,
    revised: 0,
    absence: null,
    timestamp: Number(text.open_time),
    closeTime: Number(text.close_time),
    open: Number(text.open),
    high: Number(text.high),
    low: Number(text.low),
    close: Number(text.close),
    volume: Number(text.volume ?? 0),
  }
}

export function barsOf(answer: CandlesAnswer): Bar[] {
  const firstForming = answer.rows.length - answer.unfinished
  const reasons = new Map(answer.incomplete ?? [])
  return answer.rows.map((row, index) => {
    const bar = barOf(row, answer.columns, index >= firstForming)
    bar.incomplete = reasons.get(bar.timestamp) ?? null
    return bar
  })
}

/** The bars with places held open where candles are absent. */
export function withAbsences(bars: readonly Bar[], interval: string): Bar[] {
  const all: Bar[] = []
  for (const bar of bars) {
    const before = all.at(-1)
    if (before) all.push(...placesBetween(before, bar, interval))
    all.push(bar)
  }
  return all
}

function placesBetween(before: Bar, after: Bar, interval: string): Bar[] {
  const candles = absentBetween(before.timestamp, after.timestamp, interval)
  const places = Math.min(candles, MOST_PLACES)
  const absence = { startMs: before.closeTime + 1, endMs: after.timestamp, candles }
  const step = (after.timestamp - before.timestamp) / (places + 1)
  const level = before.close
  return Array.from({ length: places }, (_, index) => ({
    text: NO_TEXT,
    forming: false,
    incomplete: null,
    revised: 0,
    absence,
    timestamp: Math.round(before.timestamp + step * (index + 1)),
    closeTime: absence.endMs - 1,
    open: level, high: level, low: level, close: level,
    volume: 0,
  }))
}

export const isCandle = (bar: Bar): boolean => bar.absence === null

/** Digits after the point for prices: as the exchange says, else as many as the prices show. */
export function priceDecimals(answer: CandlesAnswer): number {
  if (answer.price_decimals !== null) return answer.price_decimals
  const close = answer.columns.indexOf('close')
  return Math.max(0, ...answer.rows.slice(-100).map((row) => decimalsOf(String(row[close]))))
}

export function sameBar(left: Bar, right: Bar): boolean {
  return (
    left.forming === right.forming &&
    left.incomplete === right.incomplete &&
    FIELDS.every((field) => left.text[field] === right.text[field])
  )
}

export interface Merged {
  bars: Bar[]
  /** What is new from the last shown bar on: that bar's next version, and bars after it. */
  tail: Bar[]
  /** Whether something before the last shown bar has changed. */
  older: boolean
}

/**
 * `shown` with what `next` knows better. A closed candle is never taken back by a forming one,
 * which may come late. Bars of `next` before the first of `shown` are left out.
 */
export function merge(shown: readonly Bar[], next: readonly Bar[], interval: string): Merged {
  const first = shown[0]
  const last = shown.at(-1)
  if (!first || !last) return { bars: withAbsences(next, interval), tail: [], older: true }
  const known = new Map(shown.filter(isCandle).map((bar) => [bar.timestamp, bar]))
  let older = false
  for (const bar of next) {
    const present = known.get(bar.timestamp)
    if (bar.timestamp < first.timestamp || (present && !betters(bar, present))) continue
    bar.revised = present?.revised ?? bar.revised
    known.set(bar.timestamp, bar)
    older ||= bar.timestamp < last.timestamp
  }
  const ordered = [...known.values()].sort((left, right) => left.timestamp - right.timestamp)
  const bars = withAbsences(ordered, interval)
  const from = bars.findIndex((bar) => bar.timestamp >= last.timestamp)
  const tail = bars.slice(from).filter((bar) => bar !== last)
  return { bars, tail, older }
}

function betters(next: Bar, present: Bar): boolean {
  return !(next.forming && !present.forming) && !sameBar(next, present)
}
