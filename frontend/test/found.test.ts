import { expect, test } from 'vitest'
import { keptMatches, type Listed, others } from '../src/chart/found'
import type { SeriesLine } from '../src/shared/api'

const line = (symbol: string, interval = '1h', all = [interval]): SeriesLine => ({
  series: `binance:${symbol}:${interval}`, exchange: 'binance', symbol, interval, price_decimals: 2,
  candles: 1, first_ms: 0, last_ms: 0, revisions: 0,
  intervals: all.map((one) => ({ interval: one, derived: one !== interval })),
})
const listed = (symbol: string, status = 'TRADING'): Listed => ({
  exchange: 'binance', symbol, base: symbol.slice(0, 3), quote: symbol.slice(3), status, kept: [],
})

test('an exact match comes first, then beginnings, then the rest', () => {
  const lines = ['WBTCUSDT', 'BTCUSDT', 'BTC', 'ETHUSDT'].map((symbol) => line(symbol))
  expect(keptMatches(lines, 'btc', '1h').map((one) => one.symbol)).toEqual(['BTC', 'BTCUSDT', 'WBTCUSDT'])
})

test('a slash and spaces do not matter', () => {
  expect(keptMatches([line('BTCUSDT')], 'btc / usdt', '1h').length).toBe(1)
})

test('a symbol that is kept twice is listed once, at the interval that is shown now', () => {
  const lines = [line('BTCUSDT', '1m', ['1m', '5m', '1d']), line('BTCUSDT', '1h')]
  const [found, ...more] = keptMatches(lines, '', '5m')
  expect([found?.series, found?.about, more]).toEqual(['binance:BTCUSDT:5m', 'binance · kept at 1m, 1h', []])
  expect(keptMatches([line('BTCUSDT', '1h')], '', '5m')[0]?.series).toBe('binance:BTCUSDT:1h')
})

test('others are those of which nothing is kept; what no longer trades says so', () => {
  const found = others([listed('BTCUSDT'), listed('XMRUSDT', 'BREAK')], [line('BTCUSDT')])
  expect(found.map((one) => [one.symbol, one.about])).toEqual([['XMRUSDT', 'binance · XMR in USDT · break']])
})
