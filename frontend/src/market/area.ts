// Dominance over time as stacked areas: ECharts, only the parts used, loaded when it is needed.

import { LineChart } from 'echarts/charts'
import { GridComponent } from 'echarts/components'
import { type ECharts, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { wholePercent } from '../shared/formats'
import { calm, type Palette } from '../shared/theme'
import type { Dominance } from './dominance'
import { tick } from './figures'
import { ticks } from './ticks'

use([LineChart, GridComponent, CanvasRenderer])

export class Area {
  private readonly chart: ECharts
  private shown: Dominance | null = null

  /** `pointedAt` is told the time under the pointer or null, `tapped` that of a click. */
  constructor(
    box: HTMLElement,
    pointedAt: (ms: number | null) => void,
    tapped: (ms: number) => void,
    resized: () => void,
  ) {
    this.chart = init(box, null, { renderer: 'canvas' })
    const canvas = this.chart.getZr()
    canvas.on('mousemove', (event) => pointedAt(this.timeAt(event.offsetX, event.offsetY)))
    canvas.on('globalout', () => pointedAt(null))
    canvas.on('click', (event) => {
      const ms = this.timeAt(event.offsetX, event.offsetY)
      if (ms !== null) tapped(ms)
    })
    new ResizeObserver(() => {
      this.chart.resize()
      resized()
    }).observe(box)
  }

  draw(shown: Dominance, colourOf: (id: string) => string, colours: Palette): void {
    this.shown = shown
    const [first, last] = [shown.times[0] ?? 0, shown.times.at(-1) ?? 1]
    const label = { color: colours.muted, fontFamily: colours.font, fontSize: 12 * colours.scale, hideOverlap: true }
    const marks = ticks(first, last, Math.max(2, this.chart.getWidth() / (96 * colours.scale)))
    this.chart.setOption(
      {
        animation: !calm(),
        animationDuration: 400,
        grid: { left: 8, right: 14, top: 10, bottom: 4, outerBoundsMode: 'same' },
        xAxis: {
          type: 'value',
          min: first,
          max: last,
          axisLine: { lineStyle: { color: colours.line } },
          axisTick: { show: true, lineStyle: { color: colours.line }, customValues: marks },
          splitLine: { show: false },
          axisLabel: { ...label, customValues: marks, formatter: (ms: number) => tick(ms, last - first) },
        },
        yAxis: {
          type: 'value',
          min: 0,
          max: 100,
          interval: 25,
          axisLine: { show: false },
          axisTick: { show: false },
          splitLine: { lineStyle: { color: colours.line } },
          axisLabel: { ...label, formatter: wholePercent },
        },
        series: shown.bands.map((band) => ({
          type: 'line',
          id: band.id,
          stack: 'whole',
          silent: true,
          symbol: 'none',
          sampling: 'none',
          // Many lines would be more line than area.
          lineStyle: { width: shown.bands.length > 12 ? 0.25 : 1, color: colours.card },
          areaStyle: { color: colourOf(band.id), opacity: 0.92 },
          emphasis: { disabled: true },
          data: band.shares.map((share, index) => [shown.times[index], share]),
        })),
      },
      { replaceMerge: ['series'] },
    )
  }

  /** Where that time stands, in pixels from the left of the box; null when it is not shown. */
  leftOf(ms: number): number | null {
    const { times } = this.shown ?? { times: [] }
    if (ms < (times[0] ?? Infinity) || ms > (times.at(-1) ?? -Infinity)) return null
    const x = this.chart.convertToPixel({ xAxisIndex: 0 }, ms)
    return Number.isFinite(x) ? x : null
  }

  private timeAt(x: number, y: number): number | null {
    if (!this.shown || !this.chart.containPixel({ gridIndex: 0 }, [x, y])) return null
    return this.chart.convertFromPixel({ xAxisIndex: 0 }, x)
  }
}
