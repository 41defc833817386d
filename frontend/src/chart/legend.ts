// The legend: every value of one candle as exact text, in elements that people and tests can read.

import type { Field } from '../shared/api'
import { changePercent, compare, group, trim } from '../shared/decimals'
import { signedPercent } from '../shared/formats'
import { write } from '../shared/page'
import { moment } from '../shared/times'
import type { Bar } from './bars'

const PRICES: Field[] = ['open', 'high', 'low', 'close']
const AMOUNTS: Field[] = ['volume', 'quote_volume', 'trades', 'taker_buy_volume', 'taker_buy_quote_volume']

export class Legend {
  private decimals = 0

  constructor(private readonly root: HTMLElement) {}

  /** Gives every value the room of the longest one, so that nothing moves from candle to candle. */
  fit(bars: Bar[], decimals: number): void {
    this.decimals = decimals
    for (const field of [...PRICES, ...AMOUNTS]) {
      const lengths = bars.map((bar) => trim(bar.text[field] ?? '', this.least(field)).length)
      const longest = bars[lengths.indexOf(Math.max(...lengths))]
      const target = this.root.querySelector<HTMLElement>(`[data-field="${field}"]`)
      if (target && longest) target.style.minInlineSize = `${this.words(field, longest).length}ch`
    }
  }

  /** Decimals that are shown even where they are zeros. */
  private least(field: Field): number {
    return PRICES.includes(field) ? this.decimals : 0
  }

  show(bar: Bar, zone: string): void {
    this.put('open_time', bar.absence ? null : bar.text.open_time, moment(bar.timestamp, zone))
    for (const field of [...PRICES, ...AMOUNTS]) this.put(field, bar.text[field], this.words(field, bar))
    const change = bar.absence ? null : changePercent(bar.text.open ?? '0', bar.text.close ?? '0')
    this.put('change', change, signedPercent(change))
    this.put('state', stateOf(bar), stateOf(bar))
    this.root.dataset['direction'] = directionOf(bar)
    this.root.dataset['state'] = stateOf(bar)
  }

  clear(): void {
    for (const target of this.root.querySelectorAll('[data-field]')) write(target, '–')
    delete this.root.dataset['direction']
    delete this.root.dataset['state']
  }

  private words(field: Field, bar: Bar): string {
    const text = bar.text[field]
    if (text === null) return '–'
    return group(trim(text, this.least(field)))
  }

  /** The reader sees `shown`; `value` holds the number as the server sent it, digit for digit. */
  private put(field: string, exact: string | null, shown: string): void {
    const target = this.root.querySelector(`[data-field="${field}"]`)
    if (!target) return
    write(target, shown)
    target.setAttribute('value', exact ?? '')
  }
}

export function stateOf(bar: Bar): 'forming' | 'closed' | 'incomplete' | 'absent' {
  if (bar.absence) return 'absent'
  if (bar.forming) return 'forming'
  return bar.incomplete ? 'incomplete' : 'closed'
}

export function directionOf(bar: Bar): 'up' | 'down' | 'flat' {
  if (bar.absence) return 'flat'
  const order = compare(bar.text.close ?? '0', bar.text.open ?? '0')
  return order > 0 ? 'up' : order < 0 ? 'down' : 'flat'
}
