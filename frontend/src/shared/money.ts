// Amounts of money as the reader's browser writes them.

import { numbered } from './formats'

const inCurrency = (currency: string): Intl.NumberFormatOptions => ({
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
  return numbered(amount, { ...inCurrency(currency), minimumFractionDigits: 0, maximumFractionDigits: 20 })
}
