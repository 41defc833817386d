// Dates and numbers as the reader's browser writes them. Every time is UTC, and the page says so.

import { type DateStyle, dateFormat, numbered } from './formats'

const dated = (ms: number, style: DateStyle): string => dateFormat(style).format(ms)

/** `Tuesday, 5 March 2024` */
export const longDate = (ms: number): string => dated(ms, { dateStyle: 'full' })

/** `5 Mar 2024` */
export const shortDate = (ms: number): string => dated(ms, { dateStyle: 'medium' })

/** `14:05`, with seconds where they are not zero. */
export const timeOfDay = (ms: number): string =>
  dated(ms, { timeStyle: ms % 60_000 ? 'medium' : 'short' })

/** `5 Mar 2024, 14:05:07` */
export const dateAndTime = (ms: number): string =>
  dated(ms, { dateStyle: 'medium', timeStyle: ms % 60_000 ? 'medium' : 'short' })

/** The names of the days, Sunday first, as short as they get without losing sense. */
export const weekdays = (): string[] =>
  // 1970-01-04 was a Sunday.
  Array.from({ length: 7 }, (_, day) => dated((3 + day) * 86_400_000, { weekday: 'short' }))

export const months = (): string[] =>
  Array.from({ length: 12 }, (_, month) => dated(Date.UTC(1970, month, 15), { month: 'short' }))

/** `1,440` */
export const count = (number: number): string => numbered(number)

/** A number and its noun, which takes an s: `1 candle`, `1,440 candles`. */
export const counted = (number: number, noun: string): string =>
  `${count(number)} ${noun}${number === 1 ? '' : 's'}`

/** `99.99%`: cut, not rounded, so that only the whole is 100%. */
export function portion(part: number, whole: number): string {
  if (whole <= 0) return '–'
  const cut = Math.floor((part / whole) * 10_000 + 1e-6)
  return numbered((part < whole ? Math.min(cut, 9999) : cut) / 10_000, { style: 'percent', maximumFractionDigits: 2 })
}
