// How the chart writes numbers and times on its axes and at its crosshair: as the reader's browser does.

import { type AxisCreateTicksParams, type AxisTick, type FormatDateParams, utils } from 'klinecharts'
import { group } from '../shared/decimals'
import { label } from '../shared/times'

const zones = new WeakMap<Intl.DateTimeFormat, string>()

/** Asking a format for its zone is slow, and every label needs it. */
function zoneOf(format: Intl.DateTimeFormat): string {
  const zone = zones.get(format) ?? format.resolvedOptions().timeZone
  zones.set(format, zone)
  return zone
}

export function formatDate({ dateTimeFormat, timestamp, template, type }: FormatDateParams): string {
  return label(timestamp, zoneOf(dateTimeFormat), template, type === 'xAxis' ? 'xAxis' : 'crosshair')
}

const STEPS: [number, string][] = [
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
]

/** `1.8K`, for axes; beside them the exact number can be read. */
export function formatBigNumber(value: string | number): string {
  const number = Number(value)
  const [size, letter] = STEPS.find(([size]) => Math.abs(number) >= size) ?? [1, '']
  return Number.isFinite(number) ? `${group(String(Number((number / size).toFixed(3))))}${letter}` : String(value)
}

export const thousandsSeparator = { format: (value: string | number): string => group(String(value)) }

/** Labels of times that are not cut off at the edges. */
export function whole({ bounding, defaultTicks }: AxisCreateTicksParams, size: number, family: string): AxisTick[] {
  return defaultTicks.filter(({ coord, text }) => {
    const half = utils.calcTextWidth(text, size, 'normal', family) / 2
    return coord - half >= 0 && coord + half <= bounding.width
  })
}
