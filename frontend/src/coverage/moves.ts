// Walking through the days by keyboard, in the direction in which they are drawn.

import { DAY_MS, type Days } from './days'

/** Steps in days: in a year that lies, weeks are columns; in one that stands, weeks are rows. */
const LYING: Record<string, number> = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1 }
const STANDING: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }

function yearAway(ms: number, years: number): number {
  const day = new Date(ms)
  const [year, month] = [day.getUTCFullYear() + years, day.getUTCMonth()]
  const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(day.getUTCDate(), length))
}

function target(ms: number, key: string, days: Days, standing: boolean): number | null {
  const step = (standing ? STANDING : LYING)[key]
  if (step !== undefined) return ms + step * DAY_MS
  // The newest year is on top.
  if (key === 'PageUp') return yearAway(ms, 1)
  if (key === 'PageDown') return yearAway(ms, -1)
  if (key === 'Home') return days.first
  if (key === 'End') return days.last
  if (key === 'n') return days.nextIncomplete(ms, 1) ?? ms
  if (key === 'p') return days.nextIncomplete(ms, -1) ?? ms
  return null
}

/** Where a key leads from a day, within what is known; null when the key leads nowhere. */
export function moved(ms: number, key: string, days: Days, standing: boolean): number | null {
  const to = target(ms, key, days, standing)
  if (to === null || days.first === null || days.last === null) return null
  return Math.min(days.last, Math.max(days.first, to))
}
