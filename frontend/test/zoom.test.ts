import { expect, test } from 'vitest'
import { rezoomed } from '../src/chart/zoom'

const ALL = ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '3d', '1w', '1M']

test('bars that can be told apart stay as they are', () => {
  expect(rezoomed('1m', '1m', 8, ALL)).toBeNull()
  expect(rezoomed('1m', '1h', 8, ALL)).toBeNull()
})

test('bars that would blur give way to the next larger interval that is wide enough', () => {
  expect(rezoomed('1m', '1m', 1, ALL)).toEqual({ interval: '3m', bar: 3 })
  expect(rezoomed('1m', '5m', 1, ALL)).toEqual({ interval: '15m', bar: 3 })
})

test('nine years of minutes at a glance are weeks', () => {
  const whole = 1400 / (9 * 365 * 24 * 60)
  expect(rezoomed('1m', '1m', whole, ALL)?.interval).toBe('1w')
})

test('zoomed in, the smaller interval comes back, but none below the chosen one', () => {
  expect(rezoomed('1m', '1h', 30, ALL)?.interval).toBe('5m')
  expect(rezoomed('1m', '5m', 30, ALL)).toEqual({ interval: '1m', bar: 6 })
  expect(rezoomed('1h', '1h', 55, ALL)).toBeNull()
})

test('the largest interval stays, however narrow', () => {
  expect(rezoomed('1m', '1M', 0.6, ALL)).toBeNull()
  expect(rezoomed('1m', '1m', 0.6, ['1m'])).toBeNull()
})

test('switching to and fro comes to rest', () => {
  for (let bar = 0.5; bar < 60; bar *= 1.07) {
    const next = rezoomed('1m', '1h', bar, ALL)
    if (next) expect(rezoomed('1m', next.interval, next.bar, ALL)).toBeNull()
  }
})
