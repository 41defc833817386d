// The crosshair of a chart: on which bar it stands, by pointer, by keys, or because another's does.

import type { Chart } from 'klinecharts'
import type { Bar } from './bars'
import type { Keys } from './keys'

const PANE = 'candle_pane'

export class Crosshair {
  private index: number | null = null

  /** `pointed` is told of the bar under the crosshair, and of null when there is none. */
  constructor(
    private readonly chart: Chart,
    box: HTMLElement,
    private readonly pointed: (bar: Bar | null) => void,
  ) {
    chart.subscribeAction('onCrosshairChange', (data) => this.point(data as { x?: number }))
    box.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType !== 'touch') this.stand(null) // a finger lifted leaves the crosshair standing
    })
  }

  private get bars(): Bar[] {
    return this.chart.getDataList() as Bar[]
  }

  /** The bar under the crosshair. */
  get bar(): Bar | null {
    return this.index === null ? null : (this.bars[this.index] ?? null)
  }

  /** Other bars are about to come. */
  forget(): void {
    this.index = null
  }

  /** Stands where it stood, among other bars. */
  stay(timestamp: number | undefined): void {
    const index = this.bars.findIndex((bar) => bar.timestamp === timestamp)
    this.index = index < 0 ? null : index
  }

  /** Stands on the bar of that time if it is in sight; on none for null. Nobody is told. */
  follow(timestamp: number | null): void {
    const index = timestamp === null ? -1 : this.bars.findLastIndex((bar) => bar.timestamp <= timestamp)
    const { from, to } = this.chart.getVisibleRange()
    if (index < from || index >= to) this.chart.executeAction('onCrosshairChange', {})
    else this.show(index)
    this.index = index < 0 ? null : index
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
  private point({ x }: { x?: number }): void {
    if (x === undefined) return
    const [at] = this.chart.convertFromPixel([{ x }]) as { dataIndex?: number }[]
    this.stand(Math.max(0, Math.min(this.bars.length - 1, at?.dataIndex ?? 0)))
  }

  private stand(index: number | null): void {
    this.index = index
    this.pointed(this.bar)
  }

  /** Moves to a bar, and the view with it where needed. */
  private walk(to: number): void {
    const index = Math.max(0, Math.min(this.bars.length - 1, to))
    if (this.show(index)) this.stand(index)
  }

  private show(index: number): boolean {
    const bar = this.bars[index]
    if (!bar) return false
    const { from, to: until } = this.chart.getVisibleRange()
    if (index < from + 1 || index > until - 1) this.chart.scrollToDataIndex(index, 0)
    const at = this.chart.convertToPixel({ dataIndex: index, value: bar.close }, { paneId: PANE })
    const { x, y } = at as { x: number; y: number }
    this.chart.executeAction('onCrosshairChange', { x, y, paneId: PANE })
    return true
  }
}
