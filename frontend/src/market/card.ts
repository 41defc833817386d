// Market caps: the ring, its centre, and the table that is legend and plain reading in one.

import type { Coin, MarketCaps } from '../shared/api'
import { shares, sum } from '../shared/decimals'
import { percent } from '../shared/formats'
import { bigMoney, exact } from '../shared/money'
import { element, write } from '../shared/page'
import { palette, SLICES } from '../shared/theme'
import { ago } from '../shared/times'
import type { Pie } from './pie'

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

export class MarketCapCard {
  private pie: Pie | null = null
  private coins: Coin[] = []
  private currency = 'usd'
  private readonly off = new Set<string>()
  private pinned: string | null = null
  private readonly body = element<HTMLTableSectionElement>('caps-rows')

  async load(): Promise<void> {
    const { Pie } = await import('./pie')
    this.pie = new Pie(element('pie'), (id) => this.point(id ?? this.pinned), (id) => this.pin(id))
    this.draw()
  }

  show(answer: MarketCaps): void {
    this.age(answer)
    element('caps').dataset['empty'] = String(answer.coins.length === 0)
    const next = answer.coins.slice(0, SLICES)
    if (JSON.stringify(next) === JSON.stringify(this.coins)) return
    this.coins = next
    this.currency = answer.currency ?? 'usd'
    this.rows()
    this.draw()
  }

  recolour(): void {
    this.draw()
  }

  private age(answer: MarketCaps): void {
    const when = answer.age_ms === null ? '' : ago(answer.age_ms)
    const away = answer.error === null ? '' : 'CoinGecko does not answer'
    const text = [away, when && (away ? `showing values from ${when}` : `Updated ${when}`)]
    write(element('caps-age'), text.filter(Boolean).join(' – ') || 'No market caps collected yet')
    element('caps-age').dataset['tone'] = away ? 'stale' : 'good'
    element('caps-age').title = answer.error ?? ''
  }

  private visible(): Coin[] {
    return this.coins.filter((coin) => coin.market_cap !== null && !this.off.has(coin.id))
  }

  private rows(): void {
    this.body.replaceChildren(...this.coins.map((coin, index) => this.row(coin, index)))
  }

  private row(coin: Coin, index: number): HTMLTableRowElement {
    const template = element<HTMLTemplateElement>('caps-row')
    const row = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLTableRowElement
    row.dataset['coin'] = coin.id
    const part = (name: string) => row.querySelector(`.${name}`) as HTMLElement
    part('swatch').classList.add(`slice-${index}`)
    write(part('name'), coin.name)
    part('name').title = coin.name
    write(part('ticker'), coin.symbol.toUpperCase())
    const value = part('value')
    write(value, bigMoney(coin.market_cap, this.currency))
    value.setAttribute('value', coin.market_cap ?? '')
    value.title = coin.market_cap === null ? '' : exact(coin.market_cap, this.currency)
    const button = part('coin')
    button.addEventListener('click', () => this.toggle(coin.id))
    button.addEventListener('focus', () => this.point(coin.id))
    button.addEventListener('blur', () => this.point(this.pinned))
    row.addEventListener('pointerenter', () => this.point(coin.id))
    row.addEventListener('pointerleave', () => this.point(this.pinned))
    return row
  }

  private toggle(id: string): void {
    if (this.off.has(id)) this.off.delete(id)
    else if (this.visible().length > 1) this.off.add(id)
    if (this.pinned === id) this.pinned = null
    this.draw()
    this.point(id)
  }

  private pin(id: string): void {
    this.pinned = this.pinned === id ? null : id
    this.point(this.pinned)
  }

  private draw(): void {
    const colours = palette()
    this.pie?.draw(
      this.coins.flatMap((coin, index) =>
        this.visible().includes(coin)
          ? [{ id: coin.id, value: Number(coin.market_cap), colour: colours.slices[index] ?? colours.muted }]
          : [],
      ),
      colours,
    )
    this.writeShares()
    this.point(this.pinned)
  }

  private writeShares(): void {
    const parts = this.coins.map((coin) => (this.off.has(coin.id) ? null : coin.market_cap))
    shares(parts).forEach((share, index) => {
      const row = this.body.rows[index]
      const coin = this.coins[index]
      if (!row || !coin) return
      const shown = !this.off.has(coin.id)
      row.dataset['off'] = String(!shown)
      row.querySelector('.coin')?.setAttribute('aria-pressed', String(shown))
      write(row.querySelector('.share') as Element, percent(share))
      const meter = row.querySelector<HTMLElement>('.meter')
      if (meter) meter.style.inlineSize = `${share ?? 0}%`
    })
    this.writeNote()
  }

  private writeNote(): void {
    const count = this.visible().length
    const all = count === this.coins.length
    const word = WORDS[count] ?? String(count)
    write(
      element('caps-note'),
      all ? `Share of these ${word} together` : `Share of the ${word} shown`,
    )
  }

  /** Names a coin in the middle of the ring, or all of them; marks its row and slice. */
  private point(id: string | null): void {
    const shown = this.visible()
    const coin = shown.find((one) => one.id === id)
    const total = sum(shown.map((one) => one.market_cap as string))
    const index = coin ? shown.indexOf(coin) : -1
    const share = index < 0 ? null : shares(shown.map((one) => one.market_cap))[index]
    const whole = `${WORDS[shown.length] ?? shown.length} together`
    write(element('centre-name'), coin ? coin.name : whole)
    write(element('centre-value'), bigMoney(coin?.market_cap ?? total, this.currency))
    write(element('centre-share'), share ? percent(share) : '')
    for (const row of this.body.rows) row.classList.toggle('pointed', row.dataset['coin'] === coin?.id)
    this.pie?.highlight(coin?.id ?? null)
  }
}
