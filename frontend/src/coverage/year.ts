// One year of the heat map: ECharts, only the parts that a calendar needs, loaded after the shell.

import { HeatmapChart } from 'echarts/charts'
import { CalendarComponent, VisualMapPiecewiseComponent } from 'echarts/components'
import { type ECharts, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { months, weekdays } from '../shared/local'
import { type Day, isoDay, STATES } from './days'
import type { Grid } from './grid'
import type { Tones } from './tones'
import { STATE_LETTERS } from './words'

use([HeatmapChart, CalendarComponent, VisualMapPiecewiseComponent, CanvasRenderer])

export interface Pointed {
  /** The day, as `2024-03-05`. */
  day: string
  x: number
  y: number
}

export interface Ears {
  over: (pointed: Pointed) => void
  out: () => void
  click: (day: string) => void
}

export class YearChart {
  private readonly chart: ECharts

  constructor(
    box: HTMLElement,
    private readonly year: number,
    ears: Ears,
  ) {
    this.chart = init(box, null, { renderer: 'canvas' })
    const dayOf = (event: { data?: unknown }): string => (event.data as { value: [string, number] }).value[0]
    this.chart.on('mouseover', (event) => {
      const pointer = event.event?.event as unknown as MouseEvent
      ears.over({ day: dayOf(event), x: pointer.clientX, y: pointer.clientY })
    })
    this.chart.on('mouseout', () => ears.out())
    this.chart.on('click', (event) => ears.click(dayOf(event)))
  }

  draw(days: Day[], grid: Grid, tones: Tones): void {
    this.chart.resize({ width: grid.width, height: grid.height })
    this.chart.setOption({
      animation: false,
      // ECharts colours a heat map by pieces of numbers: here each state is one number.
      visualMap: {
        type: 'piecewise',
        show: false,
        dimension: 1,
        pieces: STATES.map((state, value) => ({ value, color: tones.fill[state] })),
      },
      calendar: this.calendar(grid, tones),
      series: [
        {
          type: 'heatmap',
          id: 'days',
          coordinateSystem: 'calendar',
          itemStyle: { borderColor: tones.card, borderWidth: 2, borderRadius: 4 },
          emphasis: { itemStyle: { borderColor: tones.muted, borderWidth: 1.5 } },
          data: days.map((day) => this.item(day, grid, tones)),
        },
      ],
    })
  }

  close(): void {
    this.chart.dispose()
  }

  private calendar(grid: Grid, tones: Tones): object {
    const label = { color: tones.muted, fontFamily: tones.font, fontSize: tones.small }
    return {
      orient: grid.standing ? 'vertical' : 'horizontal',
      range: String(this.year),
      left: grid.left,
      top: grid.top,
      cellSize: grid.cell,
      itemStyle: { color: 'transparent', borderWidth: 0 },
      splitLine: { lineStyle: { color: tones.muted, width: 1, opacity: 0.4 } },
      yearLabel: { show: false },
      monthLabel: { ...label, nameMap: months(), margin: 7, align: grid.standing ? 'right' : 'center' },
      dayLabel: { ...label, nameMap: weekdays(), firstDay: 1, margin: 7 },
    }
  }

  private item(day: Day, grid: Grid, tones: Tones): object {
    const letter = STATE_LETTERS[day.state]
    return {
      value: [isoDay(day.ms), STATES.indexOf(day.state)],
      label: {
        show: letter !== '',
        formatter: letter,
        color: tones.ink[day.state],
        fontFamily: tones.font,
        fontSize: Math.max(8, Math.min(13, Math.min(...grid.cell) * 0.56)),
        fontWeight: 700,
      },
    }
  }
}
