import { describe, expect, test } from 'vitest'
import { ago, countdown, moment, period, since } from '../src/shared/times'

const NOON = Date.UTC(2025, 0, 1, 12, 0, 3)

test('moments are UTC, with seconds only where there are some', () => {
  expect(moment(NOON)).toBe('2025-01-01 12:00:03')
  expect(moment(NOON - 3000)).toBe('2025-01-01 12:00')
})

test('since names the day only when it is another one', () => {
  expect(since(NOON, NOON + 1000)).toBe('12:00:03')
  expect(since(NOON, NOON + 86_400_000)).toBe('2025-01-01 12:00:03')
})

describe('countdown', () => {
  test.each([
    [59_001, '01:00'],
    [59_000, '00:59'],
    [3_723_000, '1:02:03'],
    [176_460_000, '2 d 01:01'],
    [-5, '00:00'],
  ])('%i ms is %s', (ms, said) => expect(countdown(ms)).toBe(said))
})

describe('ago', () => {
  test.each([
    [59_000, 'just now'],
    [61_000, '1 minute ago'],
    [7_300_000, '2 hours ago'],
    [200_000_000, '2 days ago'],
  ])('%i ms is %s', (ms, said) => expect(ago(ms)).toBe(said))
})

test('1m is a minute and 1M a month', () => {
  expect(period('1m')).toEqual({ type: 'minute', span: 1 })
  expect(period('1M')).toEqual({ type: 'month', span: 1 })
  expect(period('12h')).toEqual({ type: 'hour', span: 12 })
  expect(() => period('1x')).toThrow('not an interval')
})
