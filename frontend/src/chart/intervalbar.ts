// The intervals of the active chart, one key or click away.

import { INTERVALS, parseSeries } from '../shared/intervals'
import { element } from '../shared/page'
import type { Desk } from './desk'

/** Always offered, when they can be had; others only where they are kept as they are. */
const USUAL = new Set(['1m', '5m', '15m', '1h', '4h', '1d', '1w', '1M'])

export class IntervalBar {
  private readonly box = element('intervals')

  constructor(private readonly desk: Desk) {
    this.box.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
      if (step) this.step(step)
    })
  }

  /** Shows the intervals that the active chart's symbol can be had at. */
  draw(): void {
    const { series } = this.desk.active
    const line = this.desk.line(series)
    const { interval: chosen } = parseSeries(series)
    const offered = (line?.intervals ?? [{ interval: chosen, derived: false }])
      .filter(({ interval, derived }) => !derived || USUAL.has(interval) || interval === chosen)
      .sort((left, right) => INTERVALS.indexOf(left.interval) - INTERVALS.indexOf(right.interval))
    const focused = this.box.contains(document.activeElement)
    this.box.replaceChildren(...offered.map((one) => this.button(one, chosen)))
    if (focused) this.box.querySelector<HTMLElement>('[aria-checked="true"]')?.focus()
  }

  private button({ interval, derived }: { interval: string; derived: boolean }, chosen: string): HTMLElement {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = interval
    button.className = derived ? 'derived' : 'kept'
    button.title = derived ? `${interval}, summed up from smaller candles` : `${interval}, as kept`
    button.setAttribute('role', 'radio')
    button.setAttribute('aria-checked', String(interval === chosen))
    button.tabIndex = interval === chosen ? 0 : -1
    button.addEventListener('click', () => void this.desk.chooseInterval(interval))
    return button
  }

  /** To the next larger or smaller interval. */
  step(by: number): void {
    const names = [...this.box.querySelectorAll('button')].map((one) => one.textContent ?? '')
    const next = names[names.indexOf(parseSeries(this.desk.active.series).interval) + by]
    if (next) void this.desk.chooseInterval(next)
  }
}
