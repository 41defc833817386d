import { expect, test } from 'vitest'
import { bounded, read, written } from '../src/market/address'
import type { History } from '../src/market/answers'
import { Colours, mixed } from '../src/market/colours'
import { dominance, nearest, OTHERS, thinned } from '../src/market/dominance'
import { direction } from '../src/market/figures'
import { entered, left, listed } from '../src/market/moves'
import { pathOf } from '../src/market/sparkline'
import { ticks } from '../src/market/ticks'
import { bigMoney, exact, price } from '../src/shared/money'

const DAY = 86_400_000

test('what the address says comes back from it', () => {
  const asked = { top: 25, others: true, at: Date.UTC(2025, 0, 1, 12), range: '1m' } as const
  expect(written(asked)).toBe('?top=25&others=1&at=2025-01-01T12:00:00.000Z&range=1m')
  expect(read(written(asked))).toEqual(asked)
})

test('what is usual is not in the address, and nonsense in it is not heard', () => {
  const usual = { top: 10, others: false, at: null, range: 'all' } as const
  expect(written(usual)).toBe('')
  expect(read('?top=many&at=soon&range=toString&others=yes')).toEqual(usual)
})

test('slices stay between two and fifty', () => {
  expect([1, 2, 7.6, 50, 999, Number.NaN].map(bounded)).toEqual([2, 2, 8, 50, 50, 10])
})

const PALETTE = {
  slices: Array.from({ length: 10 }, (_, index) => `rgb(${index * 20}, 100, ${200 - index * 20})`),
  card: 'rgb(255, 255, 255)',
  text: 'rgb(0, 0, 0)',
}

test('fifty coins have fifty colours, and each keeps its own', () => {
  const colours = new Colours()
  const ids = Array.from({ length: 50 }, (_, index) => `coin-${index}`)
  const first = ids.map((id) => colours.of(id, PALETTE))
  expect(new Set(first).size).toBe(50)
  expect(ids.toReversed().map((id) => colours.of(id, PALETTE))).toEqual(first.toReversed())
})

test('mixing goes from one colour to the other', () => {
  expect(mixed('rgb(0, 100, 200)', 'rgb(100, 0, 0)', 0.5)).toBe('rgb(50, 50, 100)')
})

const PAST: History = {
  times_ms: [1, 2],
  coins: [
    { id: 'a', symbol: 'a', name: 'A', caps: ['60', '30'] },
    { id: 'b', symbol: 'b', name: 'B', caps: ['20', null] },
  ],
  others: ['20', '90'],
  kept: [100, 101],
}

test('shares of the coins among themselves, and of all that were kept', () => {
  expect(dominance(PAST, false).bands.map((band) => band.shares)).toEqual([[75, 100], [25, 0]])
  const all = dominance(PAST, true).bands
  expect(all.map((band) => band.id)).toEqual(['a', 'b', OTHERS])
  expect(all.map((band) => band.shares)).toEqual([[60, 25], [20, 0], [20, 75]])
})

test('where no others were kept there is no band of them', () => {
  expect(dominance({ ...PAST, others: [null, null] }, true).bands).toHaveLength(2)
})

test('the nearest time, and a few of many with the newest first', () => {
  expect([nearest([], 5), nearest([1, 5, 9], 6), nearest([1, 5, 9], 99)]).toEqual([-1, 1, 2])
  expect(thinned(7, 3)).toEqual([6, 3, 0])
  expect(thinned(0, 3)).toEqual([])
})

test('a sparkline goes from left to right, the highest price at the top', () => {
  expect(pathOf([1, 3, 2], 100, 24, 2)).toBe('M0 22L50 2L100 12')
  expect(pathOf([5, 5], 100, 24, 2)).toBe('M0 12L100 12')
})

test('figures as people read them', () => {
  expect(bigMoney('1853041372303', 'usd')).toBe('$1.853T')
  expect(price('65610.1', 'usd')).toBe('$65,610.10')
  expect(price('0.0000104321', 'usd')).toBe('$0.00001043')
  expect(exact('9007199254740993.123456789', 'usd')).toBe('$9,007,199,254,740,993.123456789')
  expect(['0.004', '1', '-1', null].map(direction)).toEqual(['flat', 'up', 'down', 'flat'])
})

test('who came and who went, in words', () => {
  const moved = { taken_ms: 1, entered: [{ id: 'a', name: 'A', rank: 10 }], left: [{ id: 'b', name: 'B', rank: null }] }
  expect(entered(moved)).toBe('A (10) entered')
  expect(left(moved)).toBe('B left')
  expect(listed(['A', 'B', 'C'])).toBe('A, B and C')
})

test.each([
  ['hours', DAY, 6, 6 * 3_600_000],
  ['days', 20 * DAY, 10, 2 * DAY],
])('an axis of %s is marked at even moments', (_, span, most, step) => {
  const first = Date.UTC(2025, 4, 5, 1, 2, 3)
  const marks = ticks(first, first + span, most)
  expect(marks.every((ms) => ms % step === 0 && ms >= first && ms <= first + span)).toBe(true)
  expect(marks.length).toBeGreaterThan(1)
  expect(marks.length).toBeLessThanOrEqual(most + 1)
})

test('a long axis is marked at the first of months', () => {
  const marks = ticks(Date.UTC(2024, 10, 15), Date.UTC(2026, 1, 2), 6)
  expect(marks.map((ms) => new Date(ms).toISOString().slice(0, 10))).toEqual([
    '2025-01-01', '2025-04-01', '2025-07-01', '2025-10-01', '2026-01-01',
  ])
})
