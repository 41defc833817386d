import { expect, test } from 'vitest'
import { type PageState, read, write } from '../src/chart/address'

const state: PageState = {
  charts: [
    { series: 'binance:BTCUSDT:1h', at: 1_735_689_600_000, bar: 0.0034 },
    { series: 'binance-um:ETHUSDT:15m', at: null, bar: null },
  ],
  indicators: ['MA', 'RSI'],
  axis: 'logarithm',
  zone: 'Europe/Berlin',
}

test('what is written is read back', () => {
  expect(read(write(state))).toEqual(state)
})

test('what is as usual is not written', () => {
  const usual = { charts: [{ series: 'binance:BTCUSDT:1h', at: null, bar: null }], indicators: [], axis: 'normal', zone: 'UTC' }
  expect(write(usual as PageState)).toBe('series=binance:BTCUSDT:1h')
})

test('nonsense is left out', () => {
  const asked = read('series=<b>&series=binance:BTCUSDT:7x&at=yesterday&bar=-3&ind=MA,<i>&axis=up&tz=Mars/Olympus')
  expect(asked).toEqual({ charts: [], indicators: ['MA'], axis: 'normal', zone: 'UTC' })
})

test('no more than four charts', () => {
  expect(read('series=a:B:1h&'.repeat(9)).charts.length).toBe(4)
})
