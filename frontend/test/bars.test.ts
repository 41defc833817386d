import { expect, test } from 'vitest'
import { type CandlesAnswer, FIELDS } from '../src/shared/api'
import { barsOf, priceDecimals, tailChanges } from '../src/chart/bars'

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

test('only the end is given when only the end is new', () => {
  const shown = barsOf(answer(['1', '2', '3']))
  const next = barsOf(answer(['2', '3.5', '4'], 1, 1))
  expect(tailChanges(shown, next)?.map((bar) => bar.text.close)).toEqual(['3.5', '4'])
})

test('a candle that closes without a new one is a change', () => {
  const changes = tailChanges(barsOf(answer(['1', '2'])), barsOf(answer(['1', '2'], 0)))
  expect(changes?.map((bar) => bar.forming)).toEqual([false])
})

test('a revised older candle asks for a new drawing', () => {
  expect(tailChanges(barsOf(answer(['1', '2', '3'])), barsOf(answer(['1', '2.1', '3'])))).toBeNull()
})

test('candles that do not join asks for a new drawing', () => {
  expect(tailChanges(barsOf(answer(['1'])), barsOf(answer(['2'], 1, 5)))).toBeNull()
  expect(tailChanges([], barsOf(answer(['2'])))).toBeNull()
})
