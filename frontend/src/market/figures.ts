// Directions and moments of the market. All times are UTC.

import { dateFormat } from '../shared/formats'

export function direction(text: string | null): 'up' | 'down' | 'flat' {
  const rounded = Math.round(Number(text ?? 0) * 100)
  return rounded > 0 ? 'up' : rounded < 0 ? 'down' : 'flat'
}

/** `5 Mar 2024, 14:05` */
export const moment = (ms: number): string => dateFormat({ dateStyle: 'medium', timeStyle: 'short' }).format(ms)

const DAY_MS = 86_400_000

/** What stands below an axis of so many milliseconds: the hour, the day or the month. */
export function tick(ms: number, spanMs: number): string {
  if (ms % DAY_MS) return dateFormat({ timeStyle: 'short' }).format(ms)
  if (spanMs <= 400 * DAY_MS) return dateFormat({ day: 'numeric', month: 'short' }).format(ms)
  return dateFormat({ month: 'short', year: 'numeric' }).format(ms)
}
