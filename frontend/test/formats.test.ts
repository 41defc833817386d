import { expect, test } from 'vitest'
import { numbered, percent, signedPercent, wholePercent } from '../src/shared/formats'

test('percents as the browser writes them', () => {
  expect([percent('57.3'), percent(0.005), percent(null)]).toEqual(['57.30%', '0.01%', '–'])
  expect(wholePercent(74.6)).toBe('75%')
})

test('a change has its sign, unless it is none', () => {
  const told = ['2.956', '-1', '0', '-0.001', null].map(signedPercent)
  expect(told).toEqual(['+2.96%', '-1.00%', '0.00%', '0.00%', '–'])
})

test('text is written digit for digit', () => {
  expect(numbered('9007199254740993')).toBe('9,007,199,254,740,993')
})
