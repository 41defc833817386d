// Which interval is shown at which zoom: never so many bars that they become a blur.

import { lengthOf } from '../shared/intervals'

/** Bars narrower than this, in pixels, give way to those of a larger interval. */
const NARROW_PX = 1.5
/** Bars wider than this give way to a smaller one, if the chosen interval is smaller. */
const WIDE_PX = 22
/** As wide as bars should at least be after the change. */
const GOOD_PX = 2.5

export interface Zoom {
  interval: string
  /** Width of a bar, so that the same time stays in view. */
  bar: number
}

/**
 * What to show when bars of `shown` are `bar` pixels wide, or null to leave it.
 * `chosen` is the smallest interval that may be shown, `available` are all that can be had.
 */
export function rezoomed(chosen: string, shown: string, bar: number, available: readonly string[]): Zoom | null {
  const others = available
    .filter((one) => lengthOf(one) >= lengthOf(chosen) && one !== shown)
    .sort((left, right) => lengthOf(left) - lengthOf(right))
    .map((interval) => ({ interval, bar: (bar * lengthOf(interval)) / lengthOf(shown) }))
  if (bar < NARROW_PX) {
    const larger = others.filter((one) => one.bar > bar)
    return larger.find((one) => one.bar >= GOOD_PX) ?? larger.at(-1) ?? null
  }
  if (bar > WIDE_PX && shown !== chosen) {
    const smaller = others.filter((one) => one.bar < bar)
    return smaller.find((one) => one.bar >= GOOD_PX) ?? smaller.at(-1) ?? null
  }
  return null
}
