// The heading of a chart: which series, and its last price.

import { changePercent, group, trim } from '../shared/decimals'
import { signedPercent } from '../shared/formats'
import { parseSeries } from '../shared/intervals'
import { part, write } from '../shared/page'
import type { Bar } from './bars'
import { directionOf } from './legend'

export function nameSeries(root: ParentNode, series: string): void {
  const { exchange, symbol, interval } = parseSeries(series)
  write(part(root, 'symbol'), symbol)
  write(part(root, 'interval'), interval)
  write(part(root, 'exchange'), exchange)
}

export function showLast(root: ParentNode, last: Bar | undefined, decimals: number): void {
  const change = last ? changePercent(last.text.open ?? '0', last.text.close ?? '0') : null
  write(part(root, 'last-price'), lastPrice(last, decimals))
  write(part(root, 'last-change'), change === null ? '' : signedPercent(change))
  part(root, 'last').dataset['direction'] = last ? directionOf(last) : 'flat'
}

export function lastPrice(last: Bar | undefined, decimals: number): string {
  return last?.text.close ? group(trim(last.text.close, decimals)) : '–'
}
