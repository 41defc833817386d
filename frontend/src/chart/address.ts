// The address of the page holds everything that is shown, so that a link shows the same.

import { INTERVALS } from '../shared/intervals'

export type Axis = 'normal' | 'logarithm' | 'percentage'

const AXES: Record<string, Axis> = { log: 'logarithm', percent: 'percentage' }
export const MOST_CHARTS = 4
const SERIES = /^[a-z0-9-]+:[A-Za-z0-9_.-]+:(\w+)$/

export interface ChartState {
  series: string
  /** The open time at the right edge; null for the newest candle. */
  at: number | null
  /** Pixels from bar to bar of the series' own interval; null for the usual. */
  bar: number | null
}

export interface PageState {
  charts: ChartState[]
  indicators: string[]
  axis: Axis
  /** An IANA time zone. */
  zone: string
}

export const USUAL = { indicators: [] as string[], axis: 'normal' as Axis, zone: 'UTC' }

const isSeries = (text: string): boolean => INTERVALS.includes(SERIES.exec(text)?.[1] ?? '')

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

function numbers(text: string | null): (number | null)[] {
  return (text ?? '').split(',').map((one) => (/^\d+(\.\d+)?$/.test(one) ? Number(one) : null))
}

/** What an address asks for; what it does not say, or says wrongly, is as usual. */
export function read(query: string): PageState {
  const asked = new URLSearchParams(query)
  const [at, bar] = [numbers(asked.get('at')), numbers(asked.get('bar'))]
  const zone = asked.get('tz') ?? ''
  return {
    charts: asked
      .getAll('series')
      .filter(isSeries)
      .slice(0, MOST_CHARTS)
      .map((series, index) => ({ series, at: at[index] ?? null, bar: bar[index] ?? null })),
    indicators: (asked.get('ind') ?? '').split(',').filter((name) => /^[A-Z]+$/.test(name)),
    axis: AXES[asked.get('axis') ?? ''] ?? USUAL.axis,
    zone: zone && isZone(zone) ? zone : USUAL.zone,
  }
}

/** The query that asks for this; what is as usual is left out. */
export function write(state: PageState): string {
  const asked = new URLSearchParams()
  for (const chart of state.charts) asked.append('series', chart.series)
  const list = (values: (number | null)[]): string => values.map((one) => one ?? '').join(',')
  const put = (name: string, text: string): void => {
    if (/[^,]/.test(text)) asked.set(name, text)
  }
  put('at', list(state.charts.map((chart) => chart.at)))
  put('bar', list(state.charts.map((chart) => chart.bar && Number(chart.bar.toPrecision(4)))))
  put('ind', state.indicators.join(','))
  put('axis', Object.keys(AXES).find((name) => AXES[name] === state.axis) ?? '')
  put('tz', state.zone === USUAL.zone ? '' : state.zone)
  return asked.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/')
}
