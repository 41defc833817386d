// The legend: every value of one candle as exact text, in elements that people and tests can read.

import type { Field } from '../shared/api'
import type { Bar } from './bars'
import { changePercent, compare, group, trim } from '../shared/decimals'
import { element, write } from '../shared/page'
import { moment } from '../shared/times'

const PRICES: Field[] = ['open', 'high', 'low', 'close']
const AMOUNTS: Field[] = ['volume', 'quote_volume', 'trades', 'taker_buy_volume', 'taker_buy_quote_volume']

export class Legend {
  private readonly root = element('legend')
  private decimals = 0

  /** Gives every value the room of the longest one, so that nothing moves from candle to candle. */
  fit(bars: Bar[], decimals: number): void {
    this.decimals = decimals
    for (const field of [...PRICES, ...AMOUNTS]) {
      const texts = bars.map((bar) => this.words(field, bar))
      const target = this.root.querySelector<HTMLElement>(`[data-field="${field}"]`)
      if (target) target.style.minInlineSize = `${Math.max(...texts.map((text) => text.length))}ch`
    }
  }

  show(bar: Bar): void {
    this.put('open_time', bar.text.open_time, `${moment(bar.timestamp)}`)
    for (const field of [...PRICES, ...AMOUNTS]) this.put(field, bar.text[field], this.words(field, bar))
    const change = changePercent(bar.text.open ?? '0', bar.text.close ?? '0')
    this.put('change', change, change === null ? '–' : `${change} %`)
    this.put('state', bar.forming ? 'forming' : 'closed', bar.forming ? 'forming' : 'closed')
    this.root.dataset['direction'] = directionOf(bar)
    this.root.dataset['forming'] = String(bar.forming)
  }

  clear(): void {
    for (const target of this.root.querySelectorAll('[data-field]')) write(target, '–')
    delete this.root.dataset['direction']
    this.root.dataset['forming'] = 'false'
  }

  private words(field: Field, bar: Bar): string {
    const text = bar.text[field]
    if (text === null) return '–'
    return group(trim(text, PRICES.includes(field) ? this.decimals : 0))
  }

  /** The reader sees `shown`; `value` holds the number as the server sent it, digit for digit. */
  private put(field: string, exact: string | null, shown: string): void {
    const target = this.root.querySelector(`[data-field="${field}"]`)
    if (!target) return
    write(target, shown)
    target.setAttribute('value', exact ?? '')
  }
}

export function directionOf(bar: Bar): 'up' | 'down' | 'flat' {
  const order = compare(bar.text.close ?? '0', bar.text.open ?? '0')
  return order > 0 ? 'up' : order < 0 ? 'down' : 'flat'
}
