import { expect, test } from 'vitest'
import { candleRows } from '../src/coverage/longer'
import { accounted, candleEnd, DAY_MS, type DayRow, Days, isoDay, readDay, stateOf } from '../src/coverage/days'

const day = (year: number, month: number, date: number) => Date.UTC(year, month - 1, date)
const row = (ms: number, more: Partial<Record<'stored' | 'empty' | 'missing' | 'failed' | 'unpublished' | 'revised', number>> = {}): DayRow => {
  const { empty = 0, missing = 0, failed = 0, unpublished = 0, revised = 0 } = more
  return [ms, 24, 24 - empty - missing - failed - unpublished, empty, missing, failed, unpublished, revised]
}

test('what needs somebody most gives a day its state', () => {
  const counts = { expected: 24, stored: 20, empty: 1, missing: 1, failed: 1, unpublished: 1, revised: 1 }
  expect(stateOf(counts)).toBe('failed')
  expect(stateOf({ ...counts, failed: 0 })).toBe('missing')
  expect(stateOf({ ...counts, failed: 0, missing: 0 })).toBe('unpublished')
  expect(stateOf({ ...counts, failed: 0, missing: 0, unpublished: 0 })).toBe('empty')
  expect(stateOf({ ...counts, failed: 0, missing: 0, unpublished: 0, empty: 0 })).toBe('revised')
  expect(stateOf({ ...counts, failed: 0, missing: 0, unpublished: 0, empty: 0, revised: 0 })).toBe('complete')
  expect(stateOf({ ...counts, expected: 0 })).toBe('none')
})

test('a year has all its days, those before the first and after the last too', () => {
  const days = new Days([row(day(2024, 8, 11)), row(day(2024, 8, 12))], '1h')
  const year = days.ofYear(2024)
  expect(year).toHaveLength(366)
  expect(year.filter((one) => one.state === 'complete').map((one) => isoDay(one.ms))).toEqual(['2024-08-11', '2024-08-12'])
  expect(days.at(day(2024, 8, 10)).state).toBe('none')
})

test('years come newest first, those without a day between them too', () => {
  expect(new Days([row(day(2022, 1, 1)), row(day(2024, 1, 1))], '1m').years()).toEqual([2024, 2023, 2022])
  expect(new Days([], '1m').years()).toEqual([])
})

test('a candle of a week stands in its seven days and counts once', () => {
  const monday = day(2024, 3, 4)
  const days = new Days([[monday, 1, 0, 0, 1, 0, 0, 0], [monday + 7 * DAY_MS, 1, 1, 0, 0, 0, 0, 0]], '1w')
  expect(days.at(monday + 6 * DAY_MS)).toMatchObject({ state: 'missing', startMs: monday, endMs: monday + 7 * DAY_MS })
  expect(days.at(monday + 7 * DAY_MS).state).toBe('complete')
  expect(days.incomplete()).toHaveLength(1)
})

test('days within a long candle of which nothing is expected do not hide it', () => {
  const monday = day(2024, 3, 4)
  const days = new Days([[monday, 1, 1, 0, 0, 0, 0, 0], [monday + DAY_MS, 0, 0, 0, 0, 0, 0, 0]], '3d')
  expect(days.at(monday + DAY_MS).state).toBe('complete')
})

test('of long candles each one has a row, told from the gaps', () => {
  const first = day(2024, 1, 1)
  const totals = { expected: 4, stored: 2, empty: 1, missing: 1, failed: 0, unpublished: 0, revised: 1 }
  const coverage = { series: 'a:B:1M', derived_from: null, bucket: 'month' as const, days: [], first_ms: first, last_ms: day(2024, 3, 1), start_ms: first, end_ms: day(2024, 5, 1), totals }
  const gap = { start_ms: day(2024, 2, 1), end_ms: day(2024, 3, 1), candles: 1, reason: 'empty at the exchange', words: '', asked_ms: 1, source: 'rest', request: '', tries: 0, error: null }
  const gaps = [gap, { ...gap, start_ms: day(2024, 4, 1), end_ms: day(2024, 5, 1), reason: 'never asked' }]
  const days = new Days(candleRows(coverage, gaps, new Set([first]), '1M'), '1M')
  expect([1, 2, 3, 4].map((month) => days.at(day(2024, month, 15)).state)).toEqual(['revised', 'empty', 'complete', 'missing'])
})

test('a month ends where the next one begins', () => {
  expect(isoDay(candleEnd(day(2024, 2, 1), '1M'))).toBe('2024-03-01')
  expect(isoDay(candleEnd(day(2024, 12, 1), '1M'))).toBe('2025-01-01')
  expect(isoDay(candleEnd(day(2024, 2, 1), '1m'))).toBe('2024-02-02')
})

test('the next day to look at, in both directions', () => {
  const first = day(2024, 1, 1)
  const days = new Days([row(first), row(first + DAY_MS, { empty: 2 }), row(first + 2 * DAY_MS), row(first + 3 * DAY_MS, { revised: 1 })], '1h')
  expect(days.nextIncomplete(first, 1)).toBe(first + DAY_MS)
  expect(days.nextIncomplete(first + DAY_MS, 1)).toBe(first + 3 * DAY_MS)
  expect(days.nextIncomplete(first + 3 * DAY_MS, 1)).toBeNull()
  expect(days.nextIncomplete(first + 3 * DAY_MS, -1)).toBe(first + DAY_MS)
  expect(days.nextIncomplete(first, -1)).toBeNull()
})

test('a day in the address is read back, nonsense is not', () => {
  expect(readDay('2024-02-29')).toBe(day(2024, 2, 29))
  for (const wrong of ['2023-02-29', '2024-13-01', 'yesterday', '']) expect(readDay(wrong)).toBeNull()
})

test('empty at the exchange is accounted for, missing is not', () => {
  expect(accounted({ expected: 100, stored: 90, empty: 4, missing: 3, failed: 2, unpublished: 1, revised: 7 })).toBe(94)
})
