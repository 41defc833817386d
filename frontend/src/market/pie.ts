// The ring of market caps: ECharts, only the parts that a pie needs, loaded after the candles.

import { PieChart } from 'echarts/charts'
import { type ECharts, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { calm, type Palette } from '../shared/theme'

use([PieChart, CanvasRenderer])

export interface Slice {
  id: string
  value: number
  colour: string
}

export class Pie {
  private readonly chart: ECharts
  private slices: Slice[] = []

  /** `pointedAt` is told of the coin under the pointer or null, `tapped` of a click on a slice. */
  constructor(box: HTMLElement, pointedAt: (id: string | null) => void, tapped: (id: string) => void) {
    this.chart = init(box, null, { renderer: 'canvas' })
    this.chart.on('mouseover', (event) => pointedAt(this.slices[event.dataIndex]?.id ?? null))
    this.chart.on('mouseout', () => pointedAt(null))
    this.chart.on('click', (event) => {
      const slice = this.slices[event.dataIndex]
      if (slice) tapped(slice.id)
    })
    new ResizeObserver(() => this.chart.resize()).observe(box)
  }

  draw(slices: Slice[], colours: Palette): void {
    this.slices = slices
    this.chart.setOption({
      animation: !calm(),
      animationDuration: 500,
      animationDurationUpdate: 350,
      series: [
        {
          type: 'pie',
          id: 'caps',
          radius: ['64%', '92%'],
          startAngle: 90,
          // Many slices leave no room for a least size, and little between them.
          minAngle: Math.min(2, 24 / slices.length),
          padAngle: slices.length > 20 ? 0 : Math.min(1, 12 / slices.length),
          cursor: 'pointer',
          label: { show: false },
          labelLine: { show: false },
          itemStyle: {
            borderRadius: slices.length > 20 ? 0 : 4,
            borderColor: colours.card,
            borderWidth: slices.length > 20 ? 0.4 : 1,
          },
          emphasis: { scaleSize: 5, focus: 'self' },
          blur: { itemStyle: { opacity: 0.35 } },
          data: slices.map((slice) => ({
            id: slice.id,
            name: slice.id,
            value: slice.value,
            itemStyle: { color: slice.colour },
          })),
        },
      ],
    })
  }

  highlight(id: string | null): void {
    const index = this.slices.findIndex((slice) => slice.id === id)
    this.chart.dispatchAction({ type: 'downplay', seriesIndex: 0 })
    if (index >= 0) this.chart.dispatchAction({ type: 'highlight', seriesIndex: 0, dataIndex: index })
  }
}
