import { expect, test } from 'vitest'
import { absentBetween, atInterval, INTERVALS, lengthOf } from '../src/shared/intervals'

test('intervals are told apart by their letters, and ordered', () => {
  expect(lengthOf('1m')).toBe(60_000)
  expect(lengthOf('1M')).toBeGreaterThan(lengthOf('1w'))
  expect(INTERVALS.map(lengthOf)).toEqual([...INTERVALS.map(lengthOf)].sort((left, right) => left - right))
  expect(() => lengthOf('7m')).toThrow()
})

test('candles that follow each other have none between them', () => {
  expect(absentBetween(0, 3_600_000, '1h')).toBe(0)
  expect(absentBetween(0, 4 * 3_600_000, '1h')).toBe(3)
  expect(absentBetween(0, 3_600_000 + 1_700_000, '1h')).toBe(0) // opened beside the grid
})

test('months are counted by the calendar', () => {
  expect(absentBetween(Date.UTC(2024, 0), Date.UTC(2024, 1), '1M')).toBe(0)
  expect(absentBetween(Date.UTC(2023, 10), Date.UTC(2024, 2), '1M')).toBe(3)
})

test('the same symbol at another interval', () => {
  expect(atInterval('binance:BTCUSDT:1h', '1d')).toBe('binance:BTCUSDT:1d')
})
