// Drawing by keyboard: points are set at the crosshair, and chosen drawings are moved by arrow keys.

import type { CandleChart } from './chart'

const PANE = 'candle_pane'
const STEP_PX = 4
const LONG_STEPS = 10

interface Place {
  x: number
  y: number
}

export class KeyboardDrawing {
  private points: [number, number][] = []
  private at: Place | null = null

  constructor(
    private readonly chart: CandleChart,
    private readonly done: (points: [number, number][]) => void,
  ) {}

  stop(): void {
    this.points = []
    this.at = null
  }

  /** Enter sets a point, up and down leave the candle's close; the rest walks as always. */
  key(event: KeyboardEvent, wanted: number, left: (points: number) => void): void {
    const up = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') this.at = null
    if (event.key !== 'Enter' && !up) return
    event.preventDefault()
    event.stopPropagation()
    if (up) this.shift(up * STEP_PX * (event.shiftKey ? LONG_STEPS : 1))
    else this.set(wanted, left)
  }

  private get here(): Place | null {
    const bar = this.chart.cross.bar
    if (!bar) return null
    return this.at ?? (this.chart.inner.convertToPixel({ timestamp: bar.timestamp, value: bar.close }, { paneId: PANE }) as Place)
  }

  private shift(by: number): void {
    const { here } = this
    if (!here) return
    this.at = { x: here.x, y: here.y + by }
    this.chart.inner.executeAction('onCrosshairChange', { ...this.at, paneId: PANE })
  }

  private set(wanted: number, left: (points: number) => void): void {
    const { bar } = this.chart.cross
    const { here } = this
    if (!bar || !here) return
    const [point] = this.chart.inner.convertFromPixel([here], { paneId: PANE }) as { value?: number }[]
    this.points.push([bar.timestamp, point?.value ?? bar.close])
    if (this.points.length < wanted) return left(wanted - this.points.length)
    const { points } = this
    this.stop()
    this.done(points)
  }

  /** Points one step further, as the arrow keys say; null for other keys. */
  moved(event: KeyboardEvent, points: [number, number][], decimals: number): [number, number][] | null {
    const step = event.shiftKey ? LONG_STEPS : 1
    const right = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0
    if (!right && !down) return null
    const { inner } = this.chart
    const width = inner.getBarSpace().bar
    return points.map(([timestamp, value]) => {
      const { x, y } = inner.convertToPixel({ timestamp, value }, { paneId: PANE }) as Place
      const [moved] = inner.convertFromPixel([{ x: x + right * step * width, y: y + down * step * STEP_PX }], { paneId: PANE }) as { timestamp?: number; value?: number }[]
      const price = down ? Number((moved?.value ?? value).toFixed(decimals)) : value
      return [right ? (moved?.timestamp ?? timestamp) : timestamp, price]
    })
  }
}
