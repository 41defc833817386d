// The values of the indicators at the crosshair, as text over the panes that they are drawn in.

import { group } from '../shared/decimals'
import { palette } from '../shared/theme'
import { keepFree } from './axes'
import type { Bar } from './bars'
import { colourOf, type Kind, takesMany } from './indicators'
import { type IndicatorPanes, type On, paneOf } from './indicatorpanes'
import type { Panel } from './panel'

/** Room for the mark of the highest price. */
const MARK_PX = 22

export class IndicatorValues {
  private readonly list = document.createElement('dl')
  private readonly targets = new Map<string, HTMLElement>()
  private frame = 0
  private placing = 0
  private bar: Bar | null = null

  constructor(
    private readonly panel: Panel,
    private readonly panes: IndicatorPanes,
    private readonly plot: HTMLElement,
  ) {
    this.list.dataset['part'] = 'indicator-values'
    this.list.className = 'indicator-values'
    this.list.setAttribute('aria-label', 'Values of the indicators')
    plot.append(this.list)
    panel.chart.inner.subscribeAction('onPaneDrag', () => this.moved())
    new ResizeObserver(() => this.moved()).observe(plot)
  }

  /** Makes the places for what is on now. */
  arrange(): void {
    this.targets.clear()
    const colours = palette()
    const { shown } = this.panes
    this.list.replaceChildren(...shown.map((on) => this.group(on, (index) => colourOf(on.kind, index, colours))))
    const own = shown.filter(({ kind }) => kind.place === 'own').length
    this.plot.style.setProperty('--panes', String(own))
    this.plot.dataset['panes'] = String(own)
    this.moved()
    this.later()
  }

  /** Shows the values at a bar. */
  at(bar: Bar | null): void {
    this.bar = bar
    this.later()
  }

  /** KLineChart calculates a moment after the bars have come; a frame later all is there. */
  private later(): void {
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.write())
  }

  private moved(): void {
    cancelAnimationFrame(this.placing)
    this.placing = requestAnimationFrame(() => this.place())
  }

  private group({ kind, parameters }: On, colour: (index: number) => string): HTMLElement {
    const group = document.createElement('div')
    group.dataset['indicator'] = kind.name
    group.dataset['place'] = kind.place
    const name = document.createElement('dt')
    name.textContent = takesMany(kind) ? kind.name : `${kind.name} ${parameters.join(', ')}`
    group.append(name)
    kind.figures(parameters).forEach(([key, label], index) => {
      const words = takesMany(kind) ? String(parameters[index]) : label
      group.append(this.value(kind, key, kind.figures([]).length === 1 ? '' : words, colour(index)))
    })
    return group
  }

  private value(kind: Kind, key: string, words: string, colour: string): HTMLElement {
    const value = document.createElement('dd')
    const swatch = document.createElement('span')
    swatch.className = 'line-swatch'
    swatch.style.backgroundColor = colour
    const data = document.createElement('data')
    data.dataset['figure'] = key
    const label = document.createElement('span')
    label.textContent = words
    value.append(swatch, label, data)
    this.targets.set(`${kind.name} ${key}`, data)
    return value
  }

  private write(): void {
    const { panel, panes, bar } = this
    panes.fit(panel.decimals)
    const index = bar ? panel.chart.bars.indexOf(bar) : -1
    for (const { kind, parameters } of panes.shown) {
      const values = panes.values(kind, index)
      for (const [key] of kind.figures(parameters)) this.put(kind, key, values[key])
    }
  }

  private put(kind: Kind, key: string, value: number | undefined): void {
    const target = this.targets.get(`${kind.name} ${key}`)
    if (!target) return
    const decimals = kind.decimals === 'price' ? this.panel.decimals : kind.decimals
    target.textContent = value === undefined ? '–' : group(value.toFixed(decimals))
    target.setAttribute('value', value === undefined ? '' : String(value))
  }

  /** Those on the candles stand in lines at the top, the others over the panes that they belong to. */
  private place(): void {
    const groups = [...this.list.children] as HTMLElement[]
    let over = 0
    this.panes.shown.forEach(({ kind }, index) => {
      const group = groups[index] as HTMLElement
      if (kind.place === 'price') over = Math.max(over, group.offsetTop + group.offsetHeight)
      else group.style.insetBlockStart = `${this.panel.chart.inner.getSize(paneOf(kind), 'root')?.top ?? 0}px`
    })
    this.plot.style.setProperty('--over', `${over}px`)
    keepFree(this.panel.chart.inner, over > 0 ? over + MARK_PX : 0)
  }
}
