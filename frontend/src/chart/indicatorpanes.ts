// Indicators on a chart: switched on and off, with their parameters and colours.

import type { Chart, DeepPartial, Indicator, IndicatorStyle } from 'klinecharts'
import { type Palette, palette } from '../shared/theme'
import { overCandles } from './absent'
import { colourOf, type Kind } from './indicators'

const PANES = { price: 'candle_pane', volume: 'volume_pane' } as const
const OWN_PX = 92

export interface On {
  kind: Kind
  parameters: readonly number[]
}

/** The page writes the values itself, so that they can be read by everyone. */
const nothing = () => ({ name: '', calcParamsText: '', features: [], legends: [] })

const idOf = (kind: Kind): string => `shown_${kind.name}`
export const paneOf = (kind: Kind): string => (kind.place === 'own' ? `pane_${kind.name}` : PANES[kind.place])

export class IndicatorPanes {
  shown: readonly On[] = []
  private decimals = -1

  constructor(private readonly chart: Chart) {}

  show(wanted: readonly On[], decimals: number): void {
    const colours = palette()
    const names = new Set(wanted.map(({ kind }) => kind.name))
    for (const { kind } of this.shown) if (!names.has(kind.name)) this.chart.removeIndicator({ id: idOf(kind) })
    for (const on of wanted) {
      if (this.found(on.kind)) this.chart.overrideIndicator({ id: idOf(on.kind), name: on.kind.name, calcParams: [...on.parameters] })
      else this.add(on, colours)
    }
    this.shown = wanted
    this.decimals = -1
    this.fit(decimals)
  }

  /** As many decimals as the prices of the symbol have. */
  fit(decimals: number): void {
    if (decimals === this.decimals) return
    this.decimals = decimals
    for (const { kind } of this.shown) {
      const precision = kind.decimals === 'price' ? decimals : kind.decimals
      this.chart.overrideIndicator({ id: idOf(kind), name: kind.name, precision })
      if (kind.place === 'own') this.chart.overrideYAxis({ paneId: paneOf(kind) }) // writes its labels anew
    }
  }

  recolour(): void {
    const colours = palette()
    for (const { kind } of this.shown) {
      this.chart.overrideIndicator({ id: idOf(kind), name: kind.name, styles: stylesOf(kind, colours) })
    }
  }

  /** The values at a place in the list of bars. */
  values(kind: Kind, index: number): Record<string, number | undefined> {
    return (this.found(kind)?.result[index] ?? {}) as Record<string, number | undefined>
  }

  private found(kind: Kind): Indicator | undefined {
    return this.chart.getIndicators({ id: idOf(kind) })[0]
  }

  private add({ kind, parameters }: On, colours: Palette): void {
    const { chart } = this
    const [id, paneId] = [idOf(kind), paneOf(kind)]
    const lines = kind.place === 'volume' ? { regenerateFigures: linesOf(kind) } : {}
    chart.createIndicator(
      { name: kind.name, id, paneId, calcParams: [...parameters], styles: stylesOf(kind, colours), createTooltipDataSource: nothing, ...lines },
      true,
    )
    if (kind.name === 'MACD') halve(chart, id)
    overCandles(chart, id)
    if (kind.place === 'own') chart.setPaneOptions({ id: paneId, height: OWN_PX, minHeight: 56 })
  }
}

/** The averages alone: the chart has volumes of its own, which tell closed from forming. */
const linesOf = (kind: Kind) => (parameters: unknown[]) =>
  kind.figures(parameters as number[]).map(([key]) => ({ key, type: 'line' }))

/** KLineChart draws the histogram at twice the difference; elsewhere it is the difference. */
function halve(chart: Chart, id: string): void {
  const found = chart.getIndicators({ id })[0]
  if (!found) return
  const { calc } = found
  chart.overrideIndicator({
    id,
    name: found.name,
    calc: async (bars, indicator) =>
      ((await calc(bars, indicator)) as { macd?: number }[]).map((one) => (one.macd === undefined ? one : { ...one, macd: one.macd / 2 })),
  })
}

function stylesOf(kind: Kind, colours: Palette): DeepPartial<IndicatorStyle> {
  const line = { style: 'solid' as const, smooth: false, size: 1.4 * colours.scale, dashedValue: [2, 2] }
  const lines = Array.from({ length: 5 }, (_, index) => ({ ...line, color: colourOf(kind, index, colours) }))
  const filled = {
    style: 'fill' as const, borderStyle: 'solid' as const, borderSize: 1, borderDashedValue: [2, 2],
    upColor: colours['up-soft'], downColor: colours['down-soft'], noChangeColor: colours['flat-soft'],
  }
  const dots = { ...filled, upColor: colourOf(kind, 0, colours), downColor: colourOf(kind, 0, colours), noChangeColor: colours.flat }
  return { lines, bars: [filled], circles: [dots] }
}
