// The bar of time: how far back, at which moment, and back to now.

import { element, write } from '../shared/page'
import { type Range, RANGES } from './address'
import { nearest } from './dominance'
import { moment } from './figures'

export class TimeBar {
  private times: number[] = []
  private at: number | null = null
  private readonly slider = element<HTMLInputElement>('at')

  /** `chosen` is told of a moment, or of null for now; `ranged` how far back people want to see. */
  constructor(chosen: (at: number | null) => void, ranged: (range: Range) => void) {
    this.slider.addEventListener('input', () => {
      const index = this.slider.valueAsNumber
      this.at = index >= this.times.length - 1 ? null : (this.times[index] ?? null)
      this.say()
      chosen(this.at)
    })
    element('live').addEventListener('click', () => {
      this.show(this.times, null)
      chosen(null)
    })
    for (const name of Object.keys(RANGES) as Range[]) {
      element<HTMLInputElement>(`range-${name}`).addEventListener('change', () => ranged(name))
    }
  }

  choose(range: Range): void {
    element<HTMLInputElement>(`range-${range}`).checked = true
  }

  /** `times` are the moments one can go to; the last of them stands for now. */
  show(times: number[], at: number | null): void {
    this.times = times
    this.at = at
    this.slider.max = String(Math.max(1, times.length - 1))
    this.slider.disabled = times.length < 2
    this.slider.valueAsNumber = at === null ? times.length - 1 : Math.max(0, nearest(times, at))
    this.say()
  }

  private say(): void {
    const last = this.times.at(-1)
    const when = this.at === null ? 'Now' : `${moment(this.at)} UTC`
    const text = last === undefined ? 'Nothing kept yet' : when
    write(element('when'), text)
    this.slider.setAttribute('aria-valuetext', text)
    const { max, valueAsNumber } = this.slider
    this.slider.style.setProperty('--done', `${(100 * valueAsNumber) / Number(max)}%`)
    element('live').setAttribute('aria-pressed', String(this.at === null))
    const first = this.times[0]
    write(element('earliest'), first === undefined ? '' : moment(first))
  }
}
