import { expect, test } from 'vitest'
import { DAY_MS, Days, type DayRow } from '../src/coverage/days'
import { boxOf, gridFor, placeOf } from '../src/coverage/grid'
import { moved } from '../src/coverage/moves'

const day = (year: number, month: number, date: number) => Date.UTC(year, month - 1, date)

test('weeks begin on Monday; the first of January is in the first of them', () => {
  expect(placeOf(day(2024, 1, 1))).toEqual([0, 0])
  expect(placeOf(day(2024, 1, 8))).toEqual([1, 0])
  expect(placeOf(day(2023, 1, 1))).toEqual([0, 6])
  expect(placeOf(day(2023, 1, 2))).toEqual([1, 0])
  expect(placeOf(day(2024, 12, 31))).toEqual([52, 1])
})

test('a year lies where there is room, and stands on a phone', () => {
  const [wide, phone] = [gridFor(960), gridFor(330)]
  expect(wide.standing).toBe(false)
  expect(phone.standing).toBe(true)
  for (const grid of [wide, phone]) {
    const [left, top, width, height] = boxOf(day(2024, 12, 31), grid)
    expect(left + width).toBeLessThanOrEqual(grid.width)
    expect(top + height).toBeLessThanOrEqual(grid.height)
  }
})

test('on a phone a day is big enough for a finger', () => {
  const [width, height] = gridFor(330).cell
  expect(Math.min(width, height)).toBeGreaterThanOrEqual(22)
})

const rows = Array.from({ length: 800 }, (_, at): DayRow => [day(2023, 1, 1) + at * DAY_MS, 24, 24, 0, 0, 0, 0, 0])
const days = new Days(rows, '1h')

test('arrows lead as the days are drawn', () => {
  const at = day(2023, 6, 15)
  expect(moved(at, 'ArrowRight', days, false)).toBe(at + 7 * DAY_MS)
  expect(moved(at, 'ArrowDown', days, false)).toBe(at + DAY_MS)
  expect(moved(at, 'ArrowRight', days, true)).toBe(at + DAY_MS)
  expect(moved(at, 'ArrowUp', days, true)).toBe(at - 7 * DAY_MS)
})

test('page keys change the year, and the end of February stays in February', () => {
  expect(moved(day(2023, 6, 15), 'PageUp', days, false)).toBe(day(2024, 6, 15))
  expect(moved(day(2024, 2, 29), 'PageDown', days, false)).toBe(day(2023, 2, 28))
})

test('no key leads beyond what is known, and other keys lead nowhere', () => {
  expect(moved(day(2023, 1, 2), 'ArrowLeft', days, false)).toBe(day(2023, 1, 1))
  expect(moved(day(2023, 6, 1), 'End', days, false)).toBe(days.last)
  expect(moved(day(2023, 6, 1), 'Home', days, false)).toBe(days.first)
  expect(moved(day(2023, 6, 1), 'Tab', days, false)).toBeNull()
  expect(moved(day(2023, 6, 1), 'n', days, false)).toBe(day(2023, 6, 1))
})
