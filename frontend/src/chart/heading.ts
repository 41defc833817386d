// The heading of the chart: which series, its last price, and the title of the window.

import type { CandlesAnswer } from '../shared/api'
import type { Bar } from './bars'
import { changePercent, group, trim } from '../shared/decimals'
import { directionOf } from './legend'
import { element, write } from '../shared/page'

export function nameSeries(series: string): void {
  const [exchange = '', symbol = '', interval = ''] = series.split(':')
  write(element('symbol'), symbol)
  write(element('interval'), interval)
  write(element('exchange'), exchange)
}

export function showLast(answer: CandlesAnswer, last: Bar | undefined, decimals: number): void {
  const price = last?.text.close ? group(trim(last.text.close, decimals)) : '–'
  const change = last ? changePercent(last.text.open ?? '0', last.text.close ?? '0') : null
  write(element('last-price'), price)
  write(element('last-change'), change === null ? '' : `${change} %`)
  element('last').dataset['direction'] = last ? directionOf(last) : 'flat'
  document.title = last ? `${answer.symbol} ${price} · Chandlery` : `${answer.symbol} · Chandlery`
}
