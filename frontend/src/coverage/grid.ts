// Where a day lies in its year: weeks begin on Monday, lie as columns where there is room.

import { DAY_MS, yearOf } from './days'

export interface Grid {
  standing: boolean
  /** Width and height of a day. */
  cell: [number, number]
  left: number
  top: number
  width: number
  height: number
}

const LABELS = { weekdays: 38, months: 24, standingMonths: 44 }
const WEEKS = 54
const SMALLEST = 11
const LARGEST = 34

/** The grid that fits into a width; `scale` is how much larger than usual the type is. */
export function gridFor(width: number, scale = 1): Grid {
  const left = LABELS.weekdays * scale
  const size = Math.min(LARGEST, Math.floor((width - left - 2) / WEEKS))
  const top = LABELS.months * scale
  if (size >= SMALLEST) {
    return { standing: false, cell: [size, size], left, top, width, height: top + 7 * size + 2 }
  }
  const months = LABELS.standingMonths * scale
  const wide = Math.min(60, Math.floor((width - months - 2) / 7))
  return { standing: true, cell: [wide, 22], left: months, top, width, height: top + WEEKS * 22 + 2 }
}

const fromMonday = (ms: number): number => (new Date(ms).getUTCDay() + 6) % 7

/** The week of the year, from 0, and the day of the week, Monday 0. */
export function placeOf(ms: number): [number, number] {
  const start = Date.UTC(yearOf(ms), 0, 1)
  return [Math.floor(((ms - start) / DAY_MS + fromMonday(start)) / 7), fromMonday(ms)]
}

/** Left, top, width and height of a day within the box of its year. */
export function boxOf(ms: number, grid: Grid): [number, number, number, number] {
  const [week, day] = placeOf(ms)
  const [column, row] = grid.standing ? [day, week] : [week, day]
  const [width, height] = grid.cell
  return [grid.left + column * width, grid.top + row * height, width, height]
}
