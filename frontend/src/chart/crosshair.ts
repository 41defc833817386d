// The crosshair of a chart: on which bar it stands, by pointer, by keys, or because another's does.

import type { Chart } from 'klinecharts'
import type { Bar } from './bars'
import type { Keys } from './keys'

const PANE = 'candle_pane'

export class Crosshair {
  /** The open time of the bar it stands on: bars before it come and go. */
  private at: number | null = null
  /** Where the pointer is; null when it stands there because of keys or another chart. */
  private x: number | null = null
  private late = false

  /** `pointed` is told of the bar under the crosshair, and of null when there is none. */
  constructor(
    private readonly chart: Chart,
    box: HTMLElement,
    private readonly pointed: (bar: Bar | null) => void,
  ) {
    chart.subscribeAction('onCrosshairChange', (data) => this.point((data as { x?: number }).x))
    chart.subscribeAction('onVisibleRangeChange', () => this.passed())
    box.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType !== 'touch') this.stand(null) // a finger lifted leaves the crosshair standing
    })
  }

  private get bars(): Bar[] {
    return this.chart.getDataList() as Bar[]
  }

  private get index(): number | null {
    const index = this.at === null ? -1 : this.bars.findLastIndex((bar) => bar.timestamp === this.at)
    return index < 0 ? null : index
  }

  /** The bar under the crosshair. */
  get bar(): Bar | null {
    return this.bars[this.index ?? -1] ?? null
  }

  /** Other bars are about to come. */
  forget(): void {
    this.at = null
  }

  /** Stands where it stood, among other bars. */
  stay(timestamp: number | undefined): void {
    this.at = timestamp ?? null
  }

  /** Stands on the bar of that time if it is in sight; on none for null. Nobody is told. */
  follow(timestamp: number | null): void {
    const index = timestamp === null ? -1 : this.bars.findLastIndex((bar) => bar.timestamp <= timestamp)
    const { from, to } = this.chart.getVisibleRange()
    if (index < from || index >= to) this.chart.executeAction('onCrosshairChange', {})
    else this.show(index)
    this.x = null
    this.at = this.bars[index]?.timestamp ?? null
  }

  /** What the keys do. */
  keys(): Keys {
    const last = (): number => this.bars.length - 1
    return {
      ArrowLeft: (step) => this.walk((this.index ?? last() + 1) - step),
      ArrowRight: (step) => this.walk((this.index ?? last()) + step),
      Home: () => this.walk(0),
      End: () => this.walk(last()),
      Escape: () => {
        this.chart.executeAction('onCrosshairChange', {})
        this.stand(null)
      },
    }
  }

  /** KLineChart tells where the crosshair is, not on which candle; beside the candles counts too. */
  private point(x: number | undefined): void {
    if (x === undefined) return
    const [at] = this.chart.convertFromPixel([{ x }]) as { dataIndex?: number }[]
    this.stand(Math.max(0, Math.min(this.bars.length - 1, at?.dataIndex ?? 0)))
    this.x = x
  }

  private stand(index: number | null): void {
    this.x = null
    this.at = this.bars[index ?? -1]?.timestamp ?? null
    this.pointed(this.bar)
  }

  /**
   * Bars have passed under the crosshair, by a new one, a key or a button. A pointer that rests is
   * on another bar then; where keys have put it, it goes with its bar. KLineChart tells of neither.
   */
  private passed(): void {
    if (this.late) return
    this.late = true
    // When KLineChart has done all of it: it tells in the middle.
    queueMicrotask(() => {
      this.late = false
      const { index, x } = this
      if (index === null) return
      if (x === null) this.draw(index)
      else this.point(x)
    })
  }

  /** Moves to a bar, and the view with it where needed. */
  private walk(to: number): void {
    const index = Math.max(0, Math.min(this.bars.length - 1, to))
    if (this.show(index)) this.stand(index)
  }

  private show(index: number): boolean {
    const { from, to: until } = this.chart.getVisibleRange()
    if (index < from + 1 || index > until - 1) this.chart.scrollToDataIndex(index, 0)
    return this.draw(index)
  }

  private draw(index: number): boolean {
    const bar = this.bars[index]
    if (!bar) return false
    const at = this.chart.convertToPixel({ dataIndex: index, value: bar.close }, { paneId: PANE })
    const { x, y } = at as { x: number; y: number }
    this.chart.executeAction('onCrosshairChange', { x, y, paneId: PANE })
    return true
  }
}
