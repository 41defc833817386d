import { describe, expect, test } from 'vitest'
import { ago, countdown, label, moment, offset, period, since } from '../src/shared/times'

const NOON = Date.UTC(2025, 0, 1, 12, 0, 3)

test('moments are UTC, with seconds only where there are some', () => {
  expect(moment(NOON)).toMatch(/Jan 1, 2025, 12:00:03\sPM/)
  expect(moment(NOON - 3000)).toMatch(/Jan 1, 2025, 12:00\sPM/)
  expect(moment(NOON - 3000, 'Asia/Tokyo')).toMatch(/Jan 1, 2025, 9:00\sPM/)
})

test('since names the day only when it is another one', () => {
  expect(since(NOON, NOON + 1000)).toBe('12:00:03 PM')
  expect(since(NOON, NOON + 86_400_000)).toBe('Jan 1, 2025, 12:00:03 PM')
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

describe('labels of an axis', () => {
  const at = Date.UTC(2025, 0, 1, 15, 30)
  test.each([
    ['HH:mm', 'xAxis', 'Asia/Tokyo', '12:30 AM'],
    ['HH:mm', 'crosshair', 'Asia/Tokyo', 'Jan 2, 2025, 12:30 AM'],
    ['MM-DD HH:mm', 'xAxis', 'UTC', 'Jan 1, 3:30 PM'],
    ['YYYY-MM-DD', 'xAxis', 'America/New_York', 'Jan 1, 2025'],
    ['YYYY-MM-DD', 'crosshair', 'UTC', 'Wed, Jan 1, 2025'],
    ['YYYY-MM', 'xAxis', 'UTC', 'Jan 2025'],
  ] as const)('%s on %s in %s is %s', (template, place, zone, said) => expect(label(at, zone, template, place)).toBe(said))

  test('name the day at midnight of the zone', () => {
    expect(label(at - 1_800_000, 'Asia/Tokyo', 'HH:mm', 'xAxis')).toBe('Jan 2, 2025')
    expect(label(at - 1_800_000, 'UTC', 'HH:mm', 'xAxis')).toBe('3:00 PM')
  })

  test('a day of the exchange keeps its date to the west of UTC', () =>
    expect(label(Date.UTC(2025, 0, 1), 'America/New_York', 'YYYY-MM-DD', 'crosshair')).toBe('Wed, Jan 1, 2025'))
})

test('offset follows daylight saving time', () => {
  expect(offset(Date.UTC(2025, 0, 1), 'Europe/Berlin')).toBe(3_600_000)
  expect(offset(Date.UTC(2025, 6, 1), 'Europe/Berlin')).toBe(7_200_000)
  expect(offset(Date.UTC(2025, 0, 1), 'America/St_Johns')).toBe(-12_600_000)
})
