// Formatters of dates and numbers, made when they are first needed: each takes its time to make.

export type DateStyle = Intl.DateTimeFormatOptions

const dates = new Map<string, Intl.DateTimeFormat>()

/** The formatter of that style and zone, as the reader's browser writes dates. */
export function dateFormat(style: DateStyle, zone = 'UTC'): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(style)}`
  const found = dates.get(key) ?? new Intl.DateTimeFormat(undefined, { ...style, timeZone: zone })
  dates.set(key, found)
  return found
}

const numbers = new Map<string, Intl.NumberFormat>()

/**
 * A number as the reader's browser writes it in that style. Text is written digit for digit, where the
 * browser knows how to.
 */
export function numbered(number: number | string, style: Intl.NumberFormatOptions = {}): string {
  const key = JSON.stringify(style)
  const found = numbers.get(key) ?? new Intl.NumberFormat(undefined, style)
  numbers.set(key, found)
  return found.format(number as Intl.StringNumericLiteral)
}

const TWO: Intl.NumberFormatOptions = { minimumFractionDigits: 2, maximumFractionDigits: 2 }

/** `57.31%`, from a number in percent. */
export function percent(share: string | number | null): string {
  return share === null ? '–' : numbered(Number(share) / 100, { style: 'percent', ...TWO })
}

/** `75%` */
export const wholePercent = (share: number): string => numbered(share / 100, { style: 'percent' })

/** `+2.96%`, `-2.96%` */
export function signedPercent(text: string | null): string {
  if (text === null) return '–'
  return numbered(Number(text) / 100, { style: 'percent', signDisplay: 'exceptZero', ...TWO })
}
