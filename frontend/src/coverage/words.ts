// What there is to say of a day and of a stretch without candles, in words for people.

import { count, counted, dateAndTime, longDate, shortDate, timeOfDay } from '../shared/local'
import { type Counts, type Day, DAY_MS, type State } from './days'

export const STATE_WORDS: Record<State, string> = {
  none: 'No candles expected',
  complete: 'Complete',
  revised: 'Revised',
  empty: 'Empty at the exchange',
  unpublished: 'Not published yet',
  missing: 'Missing',
  failed: 'Failed',
}

/** What stands in the cell of such a day, so that no one has to tell colours apart. */
export const STATE_LETTERS: Record<State, string> = {
  none: '',
  complete: '',
  revised: 'R',
  empty: 'E',
  unpublished: 'U',
  missing: 'M',
  failed: 'F',
}

const PARTS: [keyof Counts, string][] = [
  ['failed', 'failed'],
  ['missing', 'missing'],
  ['unpublished', 'not published yet'],
  ['empty', 'empty at the exchange'],
  ['revised', 'revised'],
]

/** `1,438 of 1,440 candles, 2 empty at the exchange` */
export function countsInWords(counts: Counts): string {
  const parts = PARTS.filter(([name]) => counts[name] > 0).map(([name, words]) => `${count(counts[name])} ${words}`)
  return [`${count(counts.stored)} of ${counted(counts.expected, 'candle')}`, ...parts].join(', ')
}

/** The day, or the first and the last day of a longer candle. */
export function dayName(day: Day): string {
  if (day.endMs - day.startMs === DAY_MS) return longDate(day.ms)
  return `${shortDate(day.startMs)} to ${shortDate(day.endMs - DAY_MS)}`
}

/** `Tuesday, 5 March 2024: 24 of 24 candles`, or why none are expected. */
export function daySentence(day: Day, first: number | null, last: number | null): string {
  if (day.state !== 'none') return `${dayName(day)}: ${countsInWords(day)}`
  if (first !== null && day.ms < first) return `${longDate(day.ms)}: before the listing`
  if (last !== null && day.ms > last) return `${longDate(day.ms)}: after the last candle`
  return `${longDate(day.ms)}: no candles expected`
}

export interface Gap {
  start_ms: number
  end_ms: number
  candles: number | null
  reason: string
  words: string
  asked_ms: number | null
  source: string | null
  request: string | null
  tries: number
  error: string | null
}

/** The part of a gap that lies in a day: `07:00 – 09:00`, `22:00 – midnight`, or `the whole day`. */
export function stretch(gap: Gap, day: Day): string {
  const start = Math.max(gap.start_ms, day.startMs)
  const end = Math.min(gap.end_ms, day.endMs)
  const days = day.endMs - day.startMs > DAY_MS
  if (start === day.startMs && end === day.endMs) return days ? 'the whole candle' : 'the whole day'
  const until = end === day.endMs ? 'midnight' : timeOfDay(end)
  return `${timeOfDay(start)} – ${until}`
}

/** What a gap is part of when it goes beyond the day, else nothing. */
export function beyond(gap: Gap, day: Day): string {
  if (gap.start_ms >= day.startMs && gap.end_ms <= day.endMs) return ''
  const from = gap.start_ms === 0 ? 'the beginning of time' : `${dateAndTime(gap.start_ms)} UTC`
  return `Part of a stretch from ${from} to ${dateAndTime(gap.end_ms)} UTC.`
}

const REASONS: Record<string, State> = {
  'empty at the exchange': 'empty',
  'archive not published yet': 'unpublished',
  failed: 'failed',
  'never asked': 'missing',
  lost: 'missing',
}

/** In which tone to show a gap. */
export const toneOf = (reason: string): State => REASONS[reason] ?? 'none'

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
