// How prices are laid out from bottom to top: evenly, by ratio, or as percent of the first in sight.

import type { Chart } from 'klinecharts'
import type { Axis } from './address'

const PANE = 'candle_pane'

export const AXES: readonly [Axis, string, string][] = [
  ['normal', 'Linear', 'equal steps, equal height'],
  ['logarithm', 'Logarithmic', 'equal ratios, equal height'],
  ['percentage', 'Percent', 'from the first candle in sight'],
]

export function applyAxis(chart: Chart, name: Axis): void {
  const axis = chart.getYAxes({ paneId: PANE })[0]
  if (!axis || axis.name === name) return
  // KLineChart makes a new axis, which would not know which labels to leave out.
  chart.overrideYAxis({ paneId: PANE, name, createTicks: axis.createTicks })
}

const USUAL_TOP = 0.2
const BOTTOM = 0.1

/** Keeps so many pixels at the top free of candles. */
export function keepFree(chart: Chart, px: number): void {
  const share = Math.min(0.45, px / Math.max(1, chart.getSize(PANE, 'main')?.height ?? 1))
  // KLineChart counts in heights of the candles, which are what is left.
  const top = Math.max(USUAL_TOP, (share * (1 + BOTTOM)) / (1 - share))
  chart.overrideYAxis({ paneId: PANE, gap: { top: Math.min(0.99, top) } })
}
