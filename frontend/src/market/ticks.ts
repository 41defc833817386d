// Where an axis of time is marked: at round moments of UTC, no more of them than there is room for.

const HOUR = 3_600_000
const DAY = 24 * HOUR
const STEPS = [HOUR / 4, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 7 * DAY, 14 * DAY]
const MONTHS = [1, 2, 3, 6, 12, 24, 60]

function even(first: number, last: number, step: number): number[] {
  const start = Math.ceil(first / step) * step
  return Array.from({ length: Math.max(0, Math.floor((last - start) / step) + 1) }, (_, index) => start + index * step)
}

function monthly(first: number, last: number, step: number): number[] {
  const from = new Date(first)
  const marks: number[] = []
  const start = from.getUTCFullYear() * 12 + Math.ceil((from.getUTCMonth() + 1) / step) * step
  for (let month = start; ; month += step) {
    const ms = Date.UTC(Math.floor(month / 12), month % 12, 1)
    if (ms > last) return marks
    marks.push(ms)
  }
}

/** At most `most` round moments between two others; none when there is not even a quarter hour. */
export function ticks(first: number, last: number, most: number): number[] {
  const fits = (step: number) => (last - first) / step <= most
  const step = STEPS.find(fits)
  if (step) return even(first, last, step)
  const months = MONTHS.find((count) => fits(count * 31 * DAY)) ?? (MONTHS.at(-1) as number)
  return monthly(first, last, months)
}
