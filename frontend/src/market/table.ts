// The table beside the ring: every coin with its figures, and the way to its chart.

import { shares } from '../shared/decimals'
import { percent, signedPercent } from '../shared/formats'
import { count } from '../shared/local'
import { bigMoney, exact, price } from '../shared/money'
import { element, part, write } from '../shared/page'
import { palette } from '../shared/theme'
import type { Market, MarketCoin } from './answers'
import type { Colours } from './colours'
import { OTHERS } from './dominance'
import { direction } from './figures'
import { sparkline } from './sparkline'

export const chartOf = (pair: string): string => `/?series=${pair}`

export class CoinTable {
  private readonly body = element<HTMLTableSectionElement>('coins')

  constructor(
    private readonly colours: Colours,
    private readonly pointedAt: (id: string | null) => void,
  ) {}

  show(market: Market, withOthers: boolean): void {
    const currency = market.currency ?? 'usd'
    const others = withOthers ? market.others : null
    const parts = [...market.coins.map((coin) => coin.market_cap), ...(others ? [others.market_cap] : [])]
    const told = shares(parts)
    const focused = document.activeElement?.closest('tr')?.dataset['coin']
    const rows = market.coins.map((coin, index) => this.row(coin, index, told[index] ?? null, currency))
    if (others) rows.push(this.others(others.market_cap, others.coins, told.at(-1) ?? null, currency))
    this.body.replaceChildren(...rows)
    this.recolour()
    if (focused) this.body.querySelector<HTMLElement>(`tr[data-coin="${CSS.escape(focused)}"] a`)?.focus()
  }

  recolour(): void {
    const colours = palette()
    for (const row of this.body.rows) {
      const id = row.dataset['coin'] as string
      row.style.setProperty('--slice', id === OTHERS ? colours.flat : this.colours.of(id, colours))
    }
  }

  point(id: string | null): void {
    for (const row of this.body.rows) row.classList.toggle('pointed', row.dataset['coin'] === id)
  }

  private row(coin: MarketCoin, index: number, share: string | null, currency: string): HTMLTableRowElement {
    const row = this.blank(coin.id, coin.name)
    write(part(row, 'rank'), count(coin.rank ?? index + 1))
    write(part(row, 'ticker'), coin.symbol.toUpperCase())
    this.value(row, 'price', coin.price, price(coin.price, currency))
    this.value(row, 'change', coin.change_24h_percent, signedPercent(coin.change_24h_percent))
    part(row, 'change').dataset['direction'] = direction(coin.change_24h_percent)
    this.cap(row, coin.market_cap, share, currency)
    this.link(row, coin)
    const line = sparkline(coin.sparkline, (ratio) => `Seven days: ${signedPercent(String((ratio - 1) * 100))}`)
    if (line) part(row, 'spark').replaceChildren(line)
    return row
  }

  private others(cap: string, coins: number, share: string | null, currency: string): HTMLTableRowElement {
    const row = this.blank(OTHERS, 'Others')
    write(part(row, 'ticker'), `${count(coins)} more that are kept`)
    this.cap(row, cap, share, currency)
    return row
  }

  private blank(id: string, name: string): HTMLTableRowElement {
    const template = element<HTMLTemplateElement>('coin')
    const row = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLTableRowElement
    row.dataset['coin'] = id
    write(part(row, 'name'), name)
    row.addEventListener('pointerenter', () => this.pointedAt(id))
    row.addEventListener('pointerleave', () => this.pointedAt(null))
    row.addEventListener('focusin', () => this.pointedAt(id))
    row.addEventListener('focusout', () => this.pointedAt(null))
    return row
  }

  private cap(row: HTMLTableRowElement, cap: string | null, share: string | null, currency: string): void {
    this.value(row, 'cap', cap, bigMoney(cap, currency))
    part(row, 'cap').title = cap === null ? '' : exact(cap, currency)
    this.value(row, 'share', share, percent(share))
    part(row, 'meter').style.inlineSize = `${share ?? 0}%`
  }

  private value(row: HTMLTableRowElement, name: string, value: string | null, text: string): void {
    const target = part(row, name)
    target.setAttribute('value', value ?? '')
    write(target, text)
  }

  private link(row: HTMLTableRowElement, coin: MarketCoin): void {
    if (coin.pair === null) return
    const link = document.createElement('a')
    link.href = chartOf(coin.pair)
    link.title = `Chart of ${coin.pair.split(':')[1]}, guessed by ticker`
    const name = part(row, 'name')
    name.replaceWith(link)
    link.append(name)
  }
}
