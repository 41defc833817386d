// Where there is no candle: a hatched column instead of the bar that holds the place open, and
// marks under candles that were revised or cannot be complete.

import { type Chart, type Indicator, type IndicatorDrawParams, registerIndicator } from 'klinecharts'
import type { Palette } from '../shared/theme'
import type { Bar } from './bars'

const PANE = 'candle_pane'
const STRIPE_PX = 6
const MARK_PX = 4

type Draw = IndicatorDrawParams<object, unknown, Palette>

const nothing = () => ({ name: '', calcParamsText: '', features: [], legends: [] })

function draw(it: Draw): boolean {
  const bars = it.chart.getDataList() as Bar[]
  const { from, to } = it.chart.getVisibleRange()
  const { bar: width } = it.chart.getBarSpace()
  for (let index = Math.max(0, from); index < Math.min(bars.length, to); index += 1) {
    const bar = bars[index] as Bar
    const x = it.xAxis.convertToPixel(index)
    if (bar.absence) hatch(it, x, width)
    else if (bar.revised > 0 || bar.incomplete) mark(it, bar, x)
  }
  return true
}

function hatch({ ctx, bounding, indicator }: Draw, x: number, width: number): void {
  const left = Math.round(x - width / 2)
  const right = Math.round(x + width / 2)
  ctx.save()
  ctx.clearRect(left, 0, right - left, bounding.height)
  ctx.beginPath()
  ctx.rect(left, 0, right - left, bounding.height)
  ctx.clip()
  ctx.fillStyle = indicator.extendData.faint
  ctx.fillRect(left, 0, right - left, bounding.height)
  ctx.strokeStyle = indicator.extendData.line
  ctx.lineWidth = 1.5
  ctx.beginPath()
  // From the chart's own left edge, so that the stripes of neighbours meet.
  const first = Math.floor((left - bounding.height) / STRIPE_PX) * STRIPE_PX
  for (let at = first; at < right; at += STRIPE_PX) {
    ctx.moveTo(at, bounding.height)
    ctx.lineTo(at + bounding.height, 0)
  }
  ctx.stroke()
  ctx.restore()
}

/** A dot under a candle that has older versions, a ring under one that cannot be complete. */
function mark({ ctx, yAxis, indicator }: Draw, bar: Bar, x: number): void {
  const y = yAxis.convertToPixel(bar.low) + MARK_PX * 2.5
  ctx.beginPath()
  ctx.arc(x, y, MARK_PX, 0, 2 * Math.PI)
  if (bar.revised > 0) {
    ctx.fillStyle = indicator.extendData.accent
    ctx.fill()
  } else {
    ctx.strokeStyle = indicator.extendData.muted
    ctx.lineWidth = 1.5
    ctx.stroke()
  }
}

export function registerAbsent(): void {
  registerIndicator<object, unknown, Palette>({
    name: 'ABSENT',
    series: 'price',
    figures: [],
    calc: (bars) => bars.map(() => ({})),
    createTooltipDataSource: nothing,
    draw,
  })
}

export function addAbsent(chart: Chart, colours: Palette): void {
  registerAbsent()
  chart.createIndicator({ name: 'ABSENT', paneId: PANE, extendData: colours, zLevel: -1 }, true)
}

/** Lets an indicator see candles alone, so that a place held open is not taken for a price. */
export function overCandles(chart: Chart, id: string): void {
  const found = chart.getIndicators({ id })[0]
  if (!found) return
  const calc = found.calc
  chart.overrideIndicator({
    id,
    name: found.name,
    calc: async (bars, indicator) => spread(bars as Bar[], (await calc(candlesAmong(bars as Bar[]), indicator as Indicator)) as object[]),
  })
}

const candlesAmong = (bars: Bar[]): Bar[] => bars.filter((bar) => bar.absence === null)

/** Results of candles alone, back in their places; nothing where no candle is. */
export function spread<T extends object>(bars: readonly Bar[], results: T[]): T[] {
  let at = 0
  return bars.map((bar) => (bar.absence ? ({} as T) : (results[at++] ?? ({} as T))))
}
