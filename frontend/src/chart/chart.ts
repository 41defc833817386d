// The candle chart: KLineChart, fed page by page, steered by mouse, touch and keyboard.

import { type AxisCreateTicksParams, type AxisTick, type Chart, type DataLoaderGetBarsParams, dispose, init } from 'klinecharts'
import { type Palette, palette } from '../shared/theme'
import { countdown, period } from '../shared/times'
import { addAbsent } from './absent'
import { formatBigNumber, formatDate, thousandsSeparator, whole } from './axisformat'
import type { Bar, Merged } from './bars'
import { chartStyles } from './chartstyle'
import { Crosshair } from './crosshair'
import { addIndicators, recolour } from './forming'
import { type Keys, listen } from './keys'

const PANE = 'candle_pane'
const BAR_PX = 8
const RIGHT_PX = 72
const ZOOM = 1.25
/** Not in KLineChart's animations: they leave out their last frame, and on a slow machine all of them. */
const AT_ONCE = 0
const LABEL_PX = 18
const LEAST_PX = 0.5
const MOST_PX = 60

/** More bars than this are cut on the side that is out of sight. */
const MOST_BARS = 4000

export interface Drawn {
  series: string
  symbol: string
  interval: string
  decimals: number
}

/** Where older and newer bars come from; a rejected promise leaves the chart as it is. */
export interface Supply {
  older(first: Bar): Promise<{ bars: Bar[]; hasOlder: boolean }>
  newer(last: Bar): Promise<{ bars: Bar[]; hasNewer: boolean }>
}

export interface Heard {
  /** The crosshair stands on another bar, or on none. */
  pointed(bar: Bar | null): void
  /** The view has moved or was zoomed. */
  moved(): void
  /** A candle was clicked, or Enter pressed on it. */
  opened(bar: Bar): void
}

export interface View {
  /** The open time at the right edge; null while the newest candle is in sight. */
  at: number | null
  /** Pixels from one bar to the next. */
  bar: number
}

export interface More {
  older: boolean
  newer: boolean
}

export class CandleChart {
  readonly inner: Chart
  readonly cross: Crosshair
  private drawn: Drawn | null = null
  private coming: { bars: Bar[]; more: More } = { bars: [], more: { older: false, newer: false } }
  private more: More = { older: false, newer: false }
  private add: ((bar: Bar) => void) | null = null
  private round = 0
  private held = false

  constructor(
    private readonly box: HTMLElement,
    private readonly supply: Supply,
    private readonly heard: Heard,
    private readonly serverNow: () => number,
  ) {
    const colours = palette()
    const chart = init(box, {
      timezone: 'Etc/UTC',
      styles: chartStyles(colours),
      hotkey: { enabled: false },
      decimalFold: { format: String },
      formatter: { formatDate, formatBigNumber, formatExtendText: () => this.timeLeft() },
      thousandsSeparator,
      layout: { barSpaceLimit: { min: LEAST_PX, max: MOST_PX } },
    })
    if (!chart) throw new Error('the chart could not be made')
    this.inner = chart
    this.cross = new Crosshair(chart, box, (bar) => heard.pointed(bar))
    this.prepare(colours)
    addAbsent(chart, colours)
    addIndicators(chart, colours)
    chart.overrideYAxis({ paneId: PANE, createTicks: (axis) => this.clearOfLastPrice(axis) })
    chart.overrideXAxis({ createTicks: (axis) => whole(axis, Math.round(11 * colours.scale), colours.font) })
    new ResizeObserver(() => this.resize()).observe(box)
  }

  get bars(): Bar[] {
    return this.inner.getDataList() as Bar[]
  }

  /** Whether the newest candle is among the bars. */
  get reachesEnd(): boolean {
    return !this.more.newer
  }

  /** Pixels from bar to bar at first sight. */
  get usualBar(): number {
    return Math.round(BAR_PX * palette().scale)
  }

  /** Draws again what is there, after marks have changed. */
  redraw(): void {
    this.inner.setStyles({})
  }

  close(): void {
    dispose(this.inner)
  }

  private prepare(colours: Palette): void {
    const { inner, box, heard } = this
    inner.setBarSpace(Math.round(BAR_PX * colours.scale))
    inner.setOffsetRightDistance(RIGHT_PX)
    inner.subscribeAction('onVisibleRangeChange', () => heard.moved())
    inner.subscribeAction('onCandleBarClick', () => this.cross.bar && heard.opened(this.cross.bar))
    inner.setDataLoader({
      getBars: (asked) => void this.load(asked),
      subscribeBar: ({ callback }) => {
        this.add = callback
      },
    })
    for (const part of box.querySelectorAll<HTMLElement>('[tabindex]')) part.tabIndex = -1
    box.addEventListener('pointerdown', () => (this.held = true))
    addEventListener('pointerup', () => (this.held = false))
    addEventListener('pointercancel', () => (this.held = false))
    listen(box, { ...this.cross.keys(), ...this.keys() })
  }

  /** Fits the box; a box without width, as while a window is rebuilt, would lose the view. */
  resize(): void {
    if (this.box.clientWidth > 0) this.inner.resize()
  }

  private async load({ type, callback }: DataLoaderGetBarsParams): Promise<void> {
    const round = this.round
    const more = this.more
    if (type === 'init') {
      this.more = { ...this.coming.more }
      callback([...this.coming.bars], { forward: this.more.older, backward: this.more.newer })
      return
    }
    const edge = type === 'forward' ? this.bars[0] : this.bars.at(-1)
    const known = (): boolean => round === this.round
    if (!edge) return callback([], false)
    try {
      if (type === 'forward') {
        const { bars, hasOlder } = await this.supply.older(edge)
        if (!known()) return
        more.older = hasOlder
        callback(bars, { forward: hasOlder })
      } else {
        const { bars, hasNewer } = await this.supply.newer(edge)
        if (!known()) return
        more.newer = hasNewer
        callback(bars, { backward: hasNewer })
      }
    } catch {
      // The state line tells; the next look at the edge asks again.
      if (known()) callback([], { forward: more.older, backward: more.newer })
    }
  }

  /** Shows other bars in place of all. `view` is where to look; without it, at the newest. */
  replace(bars: Bar[], drawn: Drawn, more: More, view: View | null): void {
    this.round += 1
    this.coming = { bars, more }
    this.cross.forget()
    const { symbol, decimals, interval } = drawn
    const known = this.drawn
    const other = known?.symbol !== symbol || known.decimals !== decimals || known.interval !== interval
    this.drawn = drawn
    if (view) this.inner.setBarSpace(Math.max(LEAST_PX, Math.min(MOST_PX, view.bar)))
    if (other) {
      this.inner.setSymbol({ ticker: symbol, pricePrecision: decimals, volumePrecision: 2 })
      this.inner.setPeriod(period(interval))
    } else {
      this.inner.resetData()
    }
    if (view?.at != null) this.look(view.at)
  }

  /** Puts what is new in place; the view stays where it is. */
  update({ bars, tail, older }: Merged): void {
    const { drawn } = this
    if (!drawn) return
    if (older || !this.add) {
      this.inPlace(() => this.replace(bars, drawn, this.more, null))
    } else {
      for (const bar of tail) this.add(bar)
    }
  }

  /** Does something that sets all bars anew, and then shows the same time at the same place. */
  private inPlace(work: () => void): void {
    const { bars, inner } = this
    const index = Math.min(bars.length, inner.getVisibleRange().to) - 1
    const bar = bars[index]
    const before = this.xOf(index)
    const pointed = this.cross.bar?.timestamp
    work()
    const now = bar ? this.bars.findIndex((one) => one.timestamp >= bar.timestamp) : -1
    if (now >= 0) inner.scrollByDistance(before - this.xOf(now), AT_ONCE)
    this.cross.stay(pointed)
  }

  private xOf(dataIndex: number): number {
    return (this.inner.convertToPixel({ dataIndex }) as { x: number }).x
  }

  /** Cuts bars that are far out of sight, when there are too many and nobody is dragging. */
  trim(): void {
    const { bars, drawn } = this
    const surplus = bars.length - MOST_BARS
    if (surplus < MOST_BARS / 4 || this.held || !drawn) return
    const { from, to } = this.inner.getVisibleRange()
    const fromLeft = from > bars.length - to
    const kept = fromLeft ? bars.slice(Math.min(surplus, from)) : bars.slice(0, Math.max(MOST_BARS, to))
    const more = fromLeft ? { ...this.more, older: true } : { ...this.more, newer: true }
    this.inPlace(() => this.replace(kept, drawn, more, null))
  }

  get view(): View {
    const { to, realTo } = this.inner.getVisibleRange()
    const atEnd = this.reachesEnd && (realTo > this.bars.length || to >= this.bars.length)
    return { at: atEnd ? null : (this.bars[to - 1]?.timestamp ?? null), bar: this.inner.getBarSpace().bar }
  }

  /** The open times of the first and the last bar in sight. */
  get inSight(): [number, number] | null {
    const { from, to } = this.inner.getVisibleRange()
    const [first, last] = [this.bars[Math.max(0, from)], this.bars[Math.min(this.bars.length, to) - 1]]
    return first && last ? [first.timestamp, last.timestamp] : null
  }

  /** Brings the candle of a moment to the right edge. */
  look(at: number): void {
    const index = this.bars.findIndex((bar) => bar.timestamp >= at)
    if (index >= 0) this.inner.scrollToDataIndex(index, AT_ONCE)
  }

  recolour(): void {
    const colours = palette()
    recolour(this.inner, colours)
    this.inner.overrideIndicator({ name: 'ABSENT', extendData: colours })
    this.inner.setStyles(chartStyles(colours))
  }

  zoom(factor: number): void {
    this.inner.zoomAtCoordinate(factor, undefined, AT_ONCE)
  }

  zoomIn = (): void => this.zoom(ZOOM)
  zoomOut = (): void => this.zoom(1 / ZOOM)

  latest = (): void => this.inner.scrollToRealTime(AT_ONCE)

  fit = (): void => {
    const width = this.inner.getSize(PANE, 'main')?.width ?? this.box.clientWidth
    this.inner.setBarSpace(Math.max(1, (width - RIGHT_PX) / Math.max(1, this.bars.length)))
    this.inner.scrollToRealTime(AT_ONCE)
  }

  /** The axis without the labels that the last price and its countdown would cover. */
  private clearOfLastPrice({ bounding, defaultTicks }: AxisCreateTicksParams): AxisTick[] {
    const last = this.bars.at(-1)
    if (!last) return defaultTicks
    const y = this.inner.getYAxes({ paneId: PANE })[0]?.convertToPixel(last.close) ?? bounding.height
    const below = last.forming ? LABEL_PX * 2 : LABEL_PX
    return defaultTicks.filter(({ coord }) => coord < y - LABEL_PX || coord > y + below)
  }

  /** What the keys do, beside moving the crosshair. */
  private keys(): Keys {
    return {
      Enter: () => {
        const bar = this.cross.bar ?? this.bars.at(-1)
        if (bar) this.heard.opened(bar)
      },
      '+': this.zoomIn,
      '=': this.zoomIn,
      '-': this.zoomOut,
      '0': this.fit,
    }
  }

  private timeLeft(): string {
    const last = this.bars.at(-1)
    return last?.forming ? countdown(last.closeTime + 1 - this.serverNow()) : ''
  }
}
