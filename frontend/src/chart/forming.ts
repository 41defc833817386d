// What KLineChart does not have: candles and volumes that are visibly unfinished.

import { type Chart, type Indicator, type IndicatorDrawParams, registerIndicator } from 'klinecharts'
import type { Bar } from './bars'
import type { Palette } from '../shared/theme'

const PANE = 'candle_pane'
const TAG = 'forming'

type Draw = IndicatorDrawParams<object, unknown, Palette>

const nothing = () => ({ name: '', calcParamsText: '', features: [], legends: [] })

/** The line and the soft fill of a candle, by its direction. */
function tones(bar: { open: number; close: number }, colours: Palette): [string, string] {
  if (bar.close > bar.open) return [colours.up, colours['up-soft']]
  if (bar.close < bar.open) return [colours.down, colours['down-soft']]
  return [colours.flat, colours['flat-soft']]
}

/** Draws the forming candles again, unfinished, where KLineChart has drawn them like the others. */
function drawForming(draw: Draw): boolean {
  const bars = draw.chart.getDataList() as Bar[]
  const until = Math.min(bars.length, draw.chart.getVisibleRange().realTo)
  for (let index = Math.max(0, bars.length - 2); index < until; index += 1) {
    const bar = bars[index] as Bar
    if (bar.forming) drawCandle(draw, bar, Math.round(draw.xAxis.convertToPixel(index)))
  }
  return true
}

/** One candle, hollow, dashed and half transparent, under a tag. */
function drawCandle({ ctx, chart, indicator, yAxis, bounding }: Draw, bar: Bar, x: number): void {
  const { gapBar, halfGapBar } = chart.getBarSpace()
  const y = (price: number): number => Math.round(yAxis.convertToPixel(price))
  const [high, low] = [y(bar.high), y(bar.low)]
  const top = Math.min(y(bar.open), y(bar.close))
  const height = Math.max(2, Math.abs(y(bar.close) - y(bar.open)))
  const left = x - halfGapBar
  const width = gapBar + (gapBar % 2 === 0 ? 1 : 0)
  const [line, soft] = tones(bar, indicator.extendData)
  ctx.clearRect(left - 1, high - 1, width + 2, low - high + 2)
  ctx.fillStyle = soft
  ctx.fillRect(left, top, width, height)
  ctx.strokeStyle = line
  ctx.lineWidth = 1
  ctx.setLineDash([2, 2])
  ctx.strokeRect(left + 0.5, top + 0.5, Math.max(1, width - 1), Math.max(1, height - 1))
  ctx.beginPath()
  ctx.moveTo(x + 0.5, high)
  ctx.lineTo(x + 0.5, top)
  ctx.moveTo(x + 0.5, top + height)
  ctx.lineTo(x + 0.5, low)
  ctx.stroke()
  drawTag(ctx, indicator.extendData, x, high, bounding.width)
}

function drawTag(
  ctx: CanvasRenderingContext2D, colours: Palette, x: number, high: number, width: number,
): void {
  const unit = colours.scale
  ctx.font = `600 ${Math.round(10 * unit)}px ${colours.font}`
  const wide = Math.ceil(ctx.measureText(TAG).width + 12 * unit)
  const left = Math.max(2, Math.min(x - wide / 2, width - wide - 4))
  const top = Math.max(2, high - 30 * unit) // above the mark of the highest price
  ctx.fillStyle = colours.accent
  ctx.beginPath()
  ctx.roundRect(left, top, wide, 16 * unit, 8 * unit)
  ctx.fill()
  ctx.fillStyle = colours['tag-text']
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillText(TAG, left + wide / 2, top + 8.5 * unit)
}

function registerForming(): void {
  registerIndicator<object, unknown, Palette>({
    name: 'FORMING',
    shortName: '',
    series: 'price',
    figures: [],
    calc: (bars) => bars.map(() => ({})),
    createTooltipDataSource: nothing,
    draw: drawForming,
  })
}

interface Volume {
  volume: number
  open: number
  close: number
  forming: boolean
}

function volumeStyle(bar: Volume, colours: Palette) {
  const [line, soft] = tones(bar, colours)
  if (!bar.forming) return { style: 'fill' as const, color: soft }
  const dashes = { borderStyle: 'dashed' as const, borderDashedValue: [2, 2] }
  return { style: 'stroke' as const, borderColor: line, borderSize: 1, ...dashes }
}

function registerVolume(): void {
  registerIndicator<Volume, unknown, Palette>({
    name: 'VOLUME',
    shortName: 'Volume',
    series: 'volume',
    shouldFormatBigNumber: true,
    minValue: 0,
    figures: [
      {
        key: 'volume',
        type: 'bar',
        baseValue: 0,
        styles: ({ data, indicator }) =>
          data.current
            ? volumeStyle(data.current, (indicator as Indicator<Volume, unknown, Palette>).extendData)
            : {},
      },
    ],
    calc: (bars) =>
      bars.map((bar) => ({
        volume: bar.volume ?? 0,
        open: bar.open,
        close: bar.close,
        forming: (bar as Bar).forming,
      })),
    createTooltipDataSource: () => ({ name: 'Volume', calcParamsText: '', features: [], legends: [] }),
  })
}

export function addIndicators(chart: Chart, colours: Palette): void {
  registerForming()
  registerVolume()
  chart.createIndicator({ name: 'FORMING', paneId: PANE, extendData: colours }, true)
  chart.createIndicator({ name: 'VOLUME', paneId: 'volume_pane', extendData: colours }, false)
  const height = Math.max(72, Math.round((chart.getSize()?.height ?? 0) * 0.16))
  chart.setPaneOptions({ id: 'volume_pane', height, minHeight: 48 })
}

export function recolour(chart: Chart, colours: Palette): void {
  chart.overrideIndicator({ name: 'FORMING', extendData: colours })
  chart.overrideIndicator({ name: 'VOLUME', extendData: colours })
}
