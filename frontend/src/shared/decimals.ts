// Decimal numbers as text. Nothing here turns one into a float, so no digit is lost or invented.

interface Scaled {
  units: bigint
  scale: number
}

const TEXT = /^(-?)(\d+)(?:\.(\d+))?$/

function parse(text: string): Scaled {
  const found = TEXT.exec(text)
  if (!found) throw new Error(`not a decimal: ${text}`)
  const [, sign = '', whole = '', fraction = ''] = found
  return { units: BigInt(`${sign}${whole}${fraction}`), scale: fraction.length }
}

function align(numbers: Scaled[]): bigint[] {
  const scale = Math.max(0, ...numbers.map((one) => one.scale))
  return numbers.map((one) => one.units * 10n ** BigInt(scale - one.scale))
}

function unscale(units: bigint, scale: number): string {
  const sign = units < 0n ? '-' : ''
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return scale ? `${sign}${whole}.${digits.slice(-scale)}` : `${sign}${whole}`
}

/** `dividend / divisor` with `scale` decimals, halves away from zero. */
function divide(dividend: bigint, divisor: bigint, scale: number): string {
  const negative = dividend < 0n !== divisor < 0n
  const [over, under] = [dividend, divisor].map((one) => (one < 0n ? -one : one)) as [bigint, bigint]
  const units = (over * 10n ** BigInt(scale) * 2n + under) / (under * 2n)
  return unscale(negative ? -units : units, scale)
}

/** Zeros at the end taken off, down to `decimals` of them: the same number, shorter. */
export function trim(text: string, decimals = 0): string {
  const [whole = '', fraction = ''] = text.split('.')
  const digits = fraction.replace(/0+$/, '').padEnd(decimals, '0')
  return digits ? `${whole}.${digits}` : whole
}

const NUMBER = /^([-+−]?)(\d+)(?:\.(\d+))?( ?%?)$/

/** How a locale writes a decimal; made once, because charts write thousands of them. */
export function grouping(locale?: string): (text: string) => string {
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const parts = new Intl.NumberFormat(locale).formatToParts(-1_234_567.5)
  const sign = (type: string): string => parts.find((part) => part.type === type)?.value ?? ''
  const [comma, point] = [sign('group'), sign('decimal')]
  const digits = Array.from({ length: 10 }, (_, digit) => format.format(digit))
  const plain = digits.join('') === '0123456789'
  const inThrees = plain && [1234, 1_234_567].every((one) => format.format(one) === threes(String(one), comma))
  const whole = (text: string): string => (inThrees ? threes(text, comma) : format.format(BigInt(text)))
  const after = (text: string): string => (plain ? text : text.replace(/\d/g, (digit) => digits[Number(digit)] as string))
  return (text) => {
    const [, sign = '', number, fraction, unit = ''] = NUMBER.exec(text) ?? []
    if (number === undefined) return text
    return `${sign}${whole(number)}${fraction === undefined ? '' : point + after(fraction)}${unit}`
  }
}

const threes = (whole: string, comma: string): string => whole.replace(/\B(?=(\d{3})+$)/g, comma)

/**
 * A decimal as people here write it: thousands set apart, and their sign between whole and fraction.
 * Every digit is kept. What is not a decimal comes back as it is.
 */
export const group = grouping()

/** How many digits stand after the point once needless zeros are gone. */
export function decimalsOf(text: string): number {
  return trim(text).split('.')[1]?.length ?? 0
}

/** From `before` to `after` in percent with two decimals; null when it cannot be told. */
export function changePercent(before: string, after: string): string | null {
  const [from, to] = align([parse(before), parse(after)]) as [bigint, bigint]
  if (from === 0n) return null
  return divide((to - from) * 100n, from, 2)
}

/** -1, 0 or 1 as `left` is below, equal to or above `right`. */
export function compare(left: string, right: string): -1 | 0 | 1 {
  const [a, b] = align([parse(left), parse(right)]) as [bigint, bigint]
  return a < b ? -1 : a > b ? 1 : 0
}

export function sum(texts: string[]): string {
  const numbers = texts.map(parse)
  const scale = Math.max(0, ...numbers.map((one) => one.scale))
  return unscale(
    align(numbers).reduce((total, one) => total + one, 0n),
    scale,
  )
}

/** Each part of the whole in percent with two decimals; null stays null. */
export function shares(parts: (string | null)[]): (string | null)[] {
  const total = sum(parts.filter((part) => part !== null))
  return parts.map((part) => {
    if (part === null) return null
    const [of, whole] = align([parse(part), parse(total)]) as [bigint, bigint]
    return whole === 0n ? null : divide(of * 100n, whole, 2)
  })
}
