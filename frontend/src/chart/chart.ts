// The candle chart: KLineChart, fed with bars, steered by mouse, touch and keyboard.

import { type AxisCreateTicksParams, type AxisTick, type Chart, init } from 'klinecharts'
import { type Bar, tailChanges } from './bars'
import { chartStyles } from './chartstyle'
import { addIndicators, recolour } from './forming'
import { calm, type Palette, palette } from '../shared/theme'
import { countdown, period } from '../shared/times'

const BAR_PX = 8
const RIGHT_PX = 72
const ZOOM = 1.25
const LABEL_PX = 18

export interface Drawn {
  series: string
  symbol: string
  interval: string
  decimals: number
}

export class CandleChart {
  private readonly chart: Chart
  private bars: Bar[] = []
  private drawn: Drawn | null = null
  private add: ((bar: Bar) => void) | null = null
  private pointed: number | null = null

  /** `pointedAt` is told of the candle under the crosshair, and of null when there is none. */
  constructor(
    private readonly box: HTMLElement,
    private readonly serverNow: () => number,
    private readonly pointedAt: (bar: Bar | null) => void,
  ) {
    const colours = palette()
    const chart = init(box, {
      timezone: 'Etc/UTC',
      styles: chartStyles(colours),
      hotkey: { enabled: false },
      decimalFold: { format: String },
      formatter: { formatExtendText: () => this.timeLeft() },
    })
    if (!chart) throw new Error('the chart could not be made')
    this.chart = chart
    this.prepare(colours)
    addIndicators(chart, colours)
    chart.overrideYAxis({ paneId: 'candle_pane', createTicks: (axis) => this.clearOfLastPrice(axis) })
    new ResizeObserver(() => this.resize()).observe(box)
  }

  private prepare(colours: Palette): void {
    this.chart.setBarSpace(Math.round(BAR_PX * colours.scale))
    this.chart.setOffsetRightDistance(RIGHT_PX)
    this.chart.subscribeAction('onCrosshairChange', (data) => this.point(data as { x?: number }))
    this.chart.setDataLoader({
      getBars: ({ type, callback }) => callback(type === 'init' ? [...this.bars] : [], false),
      subscribeBar: ({ callback }) => {
        this.add = callback
      },
    })
    for (const inner of this.box.querySelectorAll<HTMLElement>('[tabindex]')) inner.tabIndex = -1
    this.box.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType !== 'touch') this.pointAt(null) // a finger lifted leaves the crosshair standing
    })
    this.box.addEventListener('keydown', (event) => this.key(event))
  }

  /** Fits the box; a box without width, as while a window is rebuilt, would lose the view. */
  private resize(): void {
    if (this.box.clientWidth > 0) this.chart.resize()
  }

  /** Shows `next`; a view that was panned or zoomed stays where it is if the series is the same. */
  show(next: Bar[], drawn: Drawn): void {
    const changes = this.drawn?.series === drawn.series ? tailChanges(this.bars, next) : null
    if (changes && this.add) {
      const kept = this.bars.length - 1
      this.bars = [...this.bars.slice(0, kept), ...changes]
      for (const bar of changes) this.add(bar)
    } else {
      this.replace(next, drawn)
    }
  }

  private replace(next: Bar[], drawn: Drawn): void {
    const another = this.drawn?.series !== drawn.series
    this.bars = next
    if (another) {
      this.drawn = drawn
      this.pointed = null
      const symbol = { ticker: drawn.symbol, pricePrecision: drawn.decimals, volumePrecision: 2 }
      this.chart.setSymbol(symbol)
      this.chart.setPeriod(period(drawn.interval))
    } else {
      this.chart.resetData()
    }
  }

  recolour(): void {
    const colours = palette()
    recolour(this.chart, colours)
    this.chart.setStyles(chartStyles(colours))
  }

  zoom(factor: number): void {
    this.chart.zoomAtCoordinate(factor, undefined, calm() ? 0 : 120)
  }

  zoomIn = (): void => this.zoom(ZOOM)
  zoomOut = (): void => this.zoom(1 / ZOOM)

  latest = (): void => this.chart.scrollToRealTime(calm() ? 0 : 200)

  fit = (): void => {
    const width = this.chart.getSize('candle_pane', 'main')?.width ?? this.box.clientWidth
    this.chart.setBarSpace(Math.max(1, (width - RIGHT_PX) / Math.max(1, this.bars.length)))
    this.chart.scrollToRealTime(0)
  }

  /** The candle under the crosshair. */
  get pointedBar(): Bar | null {
    return this.pointed === null ? null : (this.bars[this.pointed] ?? null)
  }

  /** KLineChart tells where the crosshair is, not on which candle; beside the candles counts too. */
  private point({ x }: { x?: number }): void {
    if (x === undefined) return
    const [at] = this.chart.convertFromPixel([{ x }]) as { dataIndex?: number }[]
    this.pointAt(Math.max(0, Math.min(this.bars.length - 1, at?.dataIndex ?? 0)))
  }

  private pointAt(index: number | null): void {
    this.pointed = index
    this.pointedAt(this.pointedBar)
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = event.shiftKey ? 10 : 1
    const last = this.bars.length - 1
    const actions: Record<string, () => void> = {
      ArrowLeft: () => this.walk((this.pointed ?? last + 1) - step),
      ArrowRight: () => this.walk((this.pointed ?? last) + step),
      Home: () => this.walk(0),
      End: () => this.walk(last),
      Escape: () => this.leave(),
      '+': this.zoomIn,
      '=': this.zoomIn,
      '-': this.zoomOut,
      '0': this.fit,
    }
    const action = actions[event.key]
    if (!action) return
    event.preventDefault()
    action()
  }

  /** Moves the crosshair to a candle, and the view with it where needed. */
  private walk(to: number): void {
    const index = Math.max(0, Math.min(this.bars.length - 1, to))
    const bar = this.bars[index]
    if (!bar) return
    const { from, to: until } = this.chart.getVisibleRange()
    if (index < from + 1 || index > until - 1) this.chart.scrollToDataIndex(index, 0)
    const at = this.chart.convertToPixel({ dataIndex: index, value: bar.close }, { paneId: 'candle_pane' })
    const { x, y } = at as { x: number; y: number }
    this.chart.executeAction('onCrosshairChange', { x, y, paneId: 'candle_pane' })
    this.pointAt(index)
  }

  private leave(): void {
    this.chart.executeAction('onCrosshairChange', {})
    this.pointAt(null)
  }

  /** The axis without the labels that the last price and its countdown would cover. */
  private clearOfLastPrice({ range, bounding, defaultTicks }: AxisCreateTicksParams): AxisTick[] {
    const last = this.bars.at(-1)
    if (!last) return defaultTicks
    const y = ((range.realTo - last.close) / range.realRange) * bounding.height
    const below = last.forming ? LABEL_PX * 2 : LABEL_PX
    return defaultTicks.filter(({ coord }) => coord < y - LABEL_PX || coord > y + below)
  }

  private timeLeft(): string {
    const last = this.bars.at(-1)
    return last?.forming ? countdown(last.closeTime + 1 - this.serverNow()) : ''
  }
}
