// Numbers and moments of the market as the reader's browser writes them. All times are UTC.

type Style = Intl.NumberFormatOptions

const formats = new Map<string, Intl.NumberFormat>()

function numbered(number: number, style: Style): string {
  const key = JSON.stringify(style)
  const format = formats.get(key) ?? new Intl.NumberFormat(undefined, style)
  formats.set(key, format)
  return format.format(number)
}

const inCurrency = (currency: string): Style => ({
  style: 'currency',
  currency: currency.toUpperCase(),
  currencyDisplay: 'narrowSymbol',
})

/** `$1.853T` */
export function bigMoney(amount: string | null, currency: string): string {
  if (amount === null) return '–'
  return numbered(Number(amount), {
    ...inCurrency(currency),
    notation: 'compact',
    minimumSignificantDigits: 4,
    maximumSignificantDigits: 4,
  })
}

/** `$65,610.10`, and of small prices the digits that matter: `$0.00001043`. */
export function price(amount: string | null, currency: string): string {
  if (amount === null) return '–'
  const number = Number(amount)
  const digits = Math.abs(number) >= 1 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumSignificantDigits: 4 }
  return numbered(number, { ...inCurrency(currency), ...digits })
}

/** All digits as they were sent, thousands set apart by the browser's rules. */
export function exact(amount: string, currency: string): string {
  return numbered(Number(amount), { ...inCurrency(currency), minimumFractionDigits: 0, maximumFractionDigits: 10 })
}

const TWO: Style = { minimumFractionDigits: 2, maximumFractionDigits: 2 }

/** `57.31 %`, from a number in percent. */
export function percent(share: string | number | null): string {
  return share === null ? '–' : numbered(Number(share) / 100, { style: 'percent', ...TWO })
}

/** `75%`, for an axis. */
export const wholePercent = (share: number): string => numbered(share / 100, { style: 'percent' })

/** `+2.96 %`, `−2.96 %` */
export function change(text: string | null): string {
  if (text === null) return '–'
  return numbered(Number(text) / 100, { style: 'percent', signDisplay: 'exceptZero', ...TWO })
}

export function direction(text: string | null): 'up' | 'down' | 'flat' {
  const rounded = Math.round(Number(text ?? 0) * 100)
  return rounded > 0 ? 'up' : rounded < 0 ? 'down' : 'flat'
}

export const count = (number: number): string => numbered(number, {})

const moments = new Map<string, Intl.DateTimeFormat>()

function dated(ms: number, style: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify(style)
  const format = moments.get(key) ?? new Intl.DateTimeFormat(undefined, { ...style, timeZone: 'UTC' })
  moments.set(key, format)
  return format.format(ms)
}

/** `5 Mar 2024, 14:05` */
export const moment = (ms: number): string => dated(ms, { dateStyle: 'medium', timeStyle: 'short' })

const DAY_MS = 86_400_000

/** What stands below an axis of so many milliseconds: the hour, the day or the month. */
export function tick(ms: number, spanMs: number): string {
  if (ms % DAY_MS) return dated(ms, { timeStyle: 'short' })
  if (spanMs <= 400 * DAY_MS) return dated(ms, { day: 'numeric', month: 'short' })
  return dated(ms, { month: 'short', year: 'numeric' })
}
