// Moments and durations in words, as the reader's browser writes them. What is not in a chosen zone is UTC.

import { type DateStyle, dateFormat } from './formats'

const two = (value: number): string => String(value).padStart(2, '0')

/** The day in UTC, as people here write it. */
export const date = (ms: number): string => dateFormat({ dateStyle: 'medium' }).format(ms)

/** `12:00:03 PM`, in UTC. */
export const clock = (ms: number): string => dateFormat({ timeStyle: 'medium' }).format(ms)

/** A moment as people here write it, with seconds only where they are not zero. */
export function moment(ms: number, zone = 'UTC'): string {
  const timeStyle = ms % 60_000 !== 0 ? 'medium' : 'short'
  return dateFormat({ dateStyle: 'medium', timeStyle }, zone).format(ms)
}

const DAY_MS = 86_400_000
const DAY: DateStyle = { day: 'numeric', month: 'short', year: 'numeric' }
/** What KLineChart asks for at each size of candle, and what people here get. */
const LABELS: Record<string, Record<'xAxis' | 'crosshair', DateStyle>> = {
  'HH:mm:ss': { xAxis: { timeStyle: 'medium' }, crosshair: { dateStyle: 'medium', timeStyle: 'medium' } },
  'HH:mm': { xAxis: { timeStyle: 'short' }, crosshair: { dateStyle: 'medium', timeStyle: 'short' } },
  'MM-DD HH:mm': { xAxis: { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }, crosshair: { dateStyle: 'medium', timeStyle: 'short' } },
  'YYYY-MM-DD HH:mm': { xAxis: { dateStyle: 'medium', timeStyle: 'short' }, crosshair: { dateStyle: 'medium', timeStyle: 'short' } },
  'YYYY-MM-DD': { xAxis: DAY, crosshair: { ...DAY, weekday: 'short' } },
  'YYYY-MM': { xAxis: { month: 'short', year: 'numeric' }, crosshair: { month: 'long', year: 'numeric' } },
}

/**
 * A moment on the axis or at the crosshair, in the reader's own way of writing it. Candles of a day
 * and more are days of UTC wherever one reads them, so that no candle is shown under the day before.
 */
export function label(ms: number, zone: string, template: string, place: 'xAxis' | 'crosshair'): string {
  const found = dateFormat(LABELS[template]?.[place] ?? DAY, /HH|minutes/.test(template) ? zone : 'UTC')
  const midnight = template === 'HH:mm' && place === 'xAxis' && (ms + offset(ms, zone)) % DAY_MS === 0
  return midnight ? label(ms, zone, 'day of minutes', place) : found.format(ms)
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
export function offset(ms: number, zone: string): number {
  const timeStyle = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  const dateStyle = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const clock = clocks.get(zone) ?? new Intl.DateTimeFormat('en-CA', { ...dateStyle, ...timeStyle, timeZone: zone })
  clocks.set(zone, clock)
  const parts = Object.fromEntries(clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour, minute, second } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000
}

/** The clock alone for today, the whole moment for another day. */
export function since(ms: number, nowMs: number): string {
  return date(ms) === date(nowMs) ? clock(ms) : `${date(ms)}, ${clock(ms)}`
}

/** A countdown: `59:03`, `3:02:11`, `2 d 04:11`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ] as const
  if (days) return `${days} d ${two(hours)}:${two(minutes)}`
  if (hours) return `${hours}:${two(minutes)}:${two(seconds % 60)}`
  return `${two(minutes)}:${two(seconds % 60)}`
}

const UNITS: [number, string][] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
]

/** How long ago, in words: `just now`, `4 minutes ago`. */
export function ago(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  for (const [size, name] of UNITS) {
    const count = Math.floor(seconds / size)
    if (count >= 1) return `${count} ${name}${count === 1 ? '' : 's'} ago`
  }
  return 'just now'
}

export interface Period {
  type: 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month'
  span: number
}

const PERIODS: Record<string, Period['type']> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  M: 'month',
}

/** An interval such as `1h` as the chart wants it; `1M` is a month, `1m` a minute. */
export function period(interval: string): Period {
  const type = PERIODS[interval.slice(-1)]
  if (!type) throw new Error(`not an interval: ${interval}`)
  return { type, span: Number.parseInt(interval, 10) }
}
