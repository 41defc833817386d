// Moments and durations in words. Everything on the page is UTC and says so.

const two = (value: number): string => String(value).padStart(2, '0')

export function date(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** `12:00:03` */
export function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19)
}

/** `2025-01-01 12:00`, with seconds only where they are not zero. */
export function moment(ms: number): string {
  const time = clock(ms)
  return `${date(ms)} ${time.endsWith(':00') ? time.slice(0, 5) : time}`
}

/** The clock alone for today, the whole moment for another day. */
export function since(ms: number, nowMs: number): string {
  return date(ms) === date(nowMs) ? clock(ms) : `${date(ms)} ${clock(ms)}`
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
