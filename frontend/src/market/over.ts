// The card of dominance: the area, what is pointed at in it, and the same as a table.

import { percent } from '../shared/formats'
import { count } from '../shared/local'
import { element, write } from '../shared/page'
import { palette } from '../shared/theme'
import type { History } from './answers'
import type { Area } from './area'
import type { Colours } from './colours'
import { type Dominance, dominance, nearest, OTHERS, thinned } from './dominance'
import { moment } from './figures'

const TOLD = 10
const ROWS = 60

export class OverTime {
  private area: Area | null = null
  private shown: Dominance = { times: [], bands: [], coins: [] }
  private at: number | null = null
  private pointed: number | null = null
  private readonly details = element<HTMLDetailsElement>('past-details')

  constructor(
    private readonly colours: Colours,
    private readonly chosen: (ms: number) => void,
  ) {
    this.details.addEventListener('toggle', () => this.table())
  }

  async load(): Promise<void> {
    const { Area } = await import('./area')
    const pointed = (ms: number | null) => this.point(ms)
    this.area = new Area(element('area'), pointed, this.chosen, () => this.mark())
    this.draw()
  }

  show(history: History, withOthers: boolean, at: number | null): void {
    this.shown = dominance(history, withOthers)
    this.at = at
    element('past').dataset['empty'] = String(this.shown.times.length < 2)
    write(element('past-note'), this.note(withOthers))
    element('area').setAttribute('aria-label', this.words())
    this.draw()
    this.table()
  }

  /** The moment that the ring shows. */
  moveTo(at: number | null): void {
    this.at = at
    this.mark()
  }

  draw(): void {
    if (this.shown.times.length > 1) {
      const colours = palette()
      this.area?.draw(this.shown, (id) => this.colour(id, colours), colours)
    }
    this.mark()
  }

  private colour(id: string, colours = palette()): string {
    return id === OTHERS ? colours.flat : this.colours.of(id, colours)
  }

  private note(withOthers: boolean): string {
    const [least, most] = [Math.min(...this.shown.coins), Math.max(...this.shown.coins)]
    if (!withOthers) return `Share of these ${count(this.shown.bands.length)} together`
    return least === most ? `Share of the ${count(most)} coins kept` : `Share of the ${count(least)} to ${count(most)} coins kept`
  }

  private words(): string {
    const { times, bands } = this.shown
    const first = bands[0]
    if (times.length < 2 || !first) return 'Dominance over time: nothing kept yet'
    const [from, to] = [percent(first.shares[0] ?? 0), percent(first.shares.at(-1) ?? 0)]
    return `Stacked area of shares from ${moment(times[0] as number)} to ${moment(times.at(-1) as number)} UTC; ${first.name} goes from ${from} to ${to}. The table below has all values.`
  }

  private point(ms: number | null): void {
    this.pointed = ms === null ? null : nearest(this.shown.times, ms)
    this.mark()
  }

  private mark(): void {
    const ms = this.pointed === null ? this.at : (this.shown.times[this.pointed] ?? null)
    const left = ms === null ? null : (this.area?.leftOf(ms) ?? null)
    const line = element('area-line')
    line.hidden = left === null
    if (left !== null) line.style.insetInlineStart = `${left}px`
    this.readout(left)
  }

  private readout(left: number | null): void {
    const box = element('readout')
    const at = this.pointed
    box.hidden = at === null || left === null
    if (at === null || left === null) return
    const colours = palette()
    const told = this.shown.bands.filter((band, place) => place < TOLD || band.id === OTHERS)
    const lines = told.map((band) => {
      const line = document.createElement('li')
      line.style.setProperty('--slice', this.colour(band.id, colours))
      for (const text of [band.name, percent(band.shares[at] ?? 0)]) {
        const word = document.createElement('span')
        word.textContent = text
        line.append(word)
      }
      return line
    })
    write(element('readout-when'), `${moment(this.shown.times[at] as number)} UTC`)
    element('readout-lines').replaceChildren(...lines)
    const room = element('area').clientWidth
    box.dataset['side'] = left > room / 2 ? 'left' : 'right'
    box.style.insetInlineStart = `${left}px`
  }

  /** Made only when it is open: it is long, and the picture changes often. */
  private table(): void {
    if (!this.details.open) return
    const { times, bands } = this.shown
    const head = element<HTMLTableRowElement>('past-head')
    head.replaceChildren(...['Time (UTC)', ...bands.map((band) => band.name)].map((text) => cell('th', text, 'col')))
    const rows = thinned(times.length, ROWS).map((at) => {
      const row = document.createElement('tr')
      row.append(cell('th', moment(times[at] as number), 'row'))
      row.append(...bands.map((band) => cell('td', percent(band.shares[at] ?? 0))))
      return row
    })
    element('past-rows').replaceChildren(...rows)
  }
}

function cell(kind: 'th' | 'td', text: string, scope?: string): HTMLTableCellElement {
  const made = document.createElement(kind)
  if (scope) made.setAttribute('scope', scope)
  made.textContent = text
  return made
}
