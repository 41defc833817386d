// The ring of the market with what is pointed at in its middle.

import { shares, sum } from '../shared/decimals'
import { percent } from '../shared/formats'
import { count } from '../shared/local'
import { bigMoney } from '../shared/money'
import { element, write } from '../shared/page'
import { palette } from '../shared/theme'
import type { Colours } from './colours'
import type { Pie } from './pie'

export interface Part {
  id: string
  name: string
  market_cap: string | null
}

export class Ring {
  private pie: Pie | null = null
  private parts: Part[] = []
  private shares: (string | null)[] = []
  private currency = 'usd'

  constructor(
    private readonly colours: Colours,
    private readonly othersId: string,
    private readonly pointedAt: (id: string | null) => void,
    private readonly tapped: (id: string) => void,
  ) {}

  async load(): Promise<void> {
    const { Pie } = await import('./pie')
    this.pie = new Pie(element('ring'), this.pointedAt, this.tapped)
    this.draw()
  }

  show(parts: Part[], currency: string): void {
    this.parts = parts.filter((part) => part.market_cap !== null)
    this.shares = shares(this.parts.map((part) => part.market_cap))
    this.currency = currency
    this.draw()
  }

  draw(): void {
    const colours = palette()
    const slices = this.parts.map((part) => ({
      id: part.id,
      value: Number(part.market_cap),
      colour: part.id === this.othersId ? colours.flat : this.colours.of(part.id, colours),
    }))
    if (slices.length) this.pie?.draw(slices, colours)
    this.point(null)
  }

  point(id: string | null): void {
    const index = this.parts.findIndex((part) => part.id === id)
    const part = this.parts[index]
    const whole = sum(this.parts.map((one) => one.market_cap as string))
    write(element('middle-name'), part ? part.name : `${count(this.parts.length)} slices together`)
    write(element('middle-value'), bigMoney(part ? part.market_cap : whole, this.currency))
    write(element('middle-share'), part ? percent(this.shares[index] ?? null) : '')
    this.pie?.highlight(part ? part.id : null)
  }
}
