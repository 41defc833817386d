import { expect, test } from 'vitest'
import { type CandlesAnswer, FIELDS } from '../src/shared/api'
import { type Bar, barsOf, isCandle, merge, priceDecimals, withAbsences } from '../src/chart/bars'

function answer(closes: string[], unfinished = 1, start = 0): CandlesAnswer {
  return {
    series: 'binance:BTCUSDT:1h', exchange: 'binance', symbol: 'BTCUSDT', interval: '1h',
    price_decimals: null, updated_ms: 1, unfinished, columns: [...FIELDS],
    rows: closes.map((close, index) => [
      (start + index) * 1000, '1.00', '9', '0.5', close, '1', (start + index) * 1000 + 999, '2', 3, '4', null,
    ]),
  }
}

test('bars keep the exact text and know which are forming', () => {
  const [first, last] = barsOf(answer(['1.50000000', '2.25000000']))
  expect(first?.text.close).toBe('1.50000000')
  expect(first?.text.taker_buy_quote_volume).toBeNull()
  expect([first?.forming, last?.forming]).toEqual([false, true])
  expect(last?.close).toBe(2.25)
})

test('columns are found by name, in any order', () => {
  const shuffled = answer(['1.5'])
  shuffled.columns.reverse()
  shuffled.rows.forEach((row) => row.reverse())
  expect(barsOf(shuffled)[0]?.text.close).toBe('1.5')
})

test('price decimals are the exchange’s, else those that the prices show', () => {
  expect(priceDecimals({ ...answer(['1.50000000']), price_decimals: 2 })).toBe(2)
  expect(priceDecimals(answer(['0.00001988', '0.00002000']))).toBe(8)
})

/** Bars of one second, each with the close it is told. */
const bars = (closes: string[], start = 0, unfinished = 1): Bar[] => barsOf(answer(closes, unfinished, start))
const closes = (all: Bar[]): (string | null)[] => all.map((bar) => bar.text.close)

test('only the end is given when only the end is new', () => {
  const { tail, older, bars: all } = merge(bars(['1', '2', '3']), bars(['2', '3.5', '4'], 1), '1s')
  expect(closes(tail)).toEqual(['3.5', '4'])
  expect(older).toBe(false)
  expect(closes(all)).toEqual(['1', '2', '3.5', '4'])
})

test('nothing is new', () => {
  const { tail, older } = merge(bars(['1', '2']), bars(['1', '2']), '1s')
  expect([tail, older]).toEqual([[], false])
})

test('a candle that was pushed replaces the one that it continues', () => {
  const { tail, older } = merge(bars(['1', '2']), bars(['2.5'], 1), '1s')
  expect([closes(tail), older]).toEqual([['2.5'], false])
})

test('a late word of a forming candle does not open a closed one again', () => {
  const shown = bars(['1', '2'], 0, 0)
  expect(merge(shown, bars(['9'], 1, 1), '1s').bars).toEqual(shown)
})

test('a revised candle is put right in its place', () => {
  const { older, tail, bars: all } = merge(bars(['1', '2', '3']), bars(['7'], 0, 0), '1s')
  expect([older, tail, closes(all)]).toEqual([true, [], ['7', '2', '3']])
})

test('bars before the first that is shown are left to the scrolling', () => {
  expect(closes(merge(bars(['3', '4'], 2), bars(['1'], 0, 0), '1s').bars)).toEqual(['3', '4'])
})

test('where candles are absent, places are held open and tell from when to when', () => {
  const all = withAbsences([...bars(['1'], 0, 0), ...bars(['2'], 4, 0)], '1s')
  expect(all.map((bar) => bar.timestamp)).toEqual([0, 1000, 2000, 3000, 4000])
  expect(all.map(isCandle)).toEqual([true, false, false, false, true])
  expect(all[1]?.absence).toEqual({ startMs: 1000, endMs: 4000, candles: 3 })
  expect(all[1]?.text.close).toBeNull()
})

test('a long absence takes few places', () => {
  const all = withAbsences([...bars(['1'], 0, 0), ...bars(['2'], 100_000, 0)], '1s')
  expect(all.length).toBe(14)
  expect(all[1]?.absence?.candles).toBe(99_999)
})

test('a candle that came for a hole takes its place', () => {
  const shown = withAbsences([...bars(['1'], 0, 0), ...bars(['3'], 2, 0)], '1s')
  const { bars: all, older } = merge(shown, bars(['2'], 1, 0), '1s')
  expect([closes(all), older]).toEqual([['1', '2', '3'], true])
})
