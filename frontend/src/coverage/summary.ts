// The line above the heat map: how much of the series is explained, and how the rest is made up.

import { count, dateAndTime, portion } from '../shared/local'
import { element, write } from '../shared/page'
import { accounted, type Coverage } from './days'
import { capital } from './words'

const TOLD = ['expected', 'stored', 'empty', 'missing', 'failed', 'unpublished', 'revised'] as const

function fill(name: string, text: string, exact: string): void {
  const place = element('summary').querySelector(`[data-field=${name}]`)
  if (!place) return
  write(place, text)
  place.setAttribute('value', exact)
}

export function share({ totals }: Coverage): string {
  return portion(accounted(totals), totals.expected)
}

export function showSummary(coverage: Coverage): void {
  const { totals, first_ms: first, last_ms: last } = coverage
  const whole = totals.expected > 0 && accounted(totals) === totals.expected
  fill('share', share(coverage), totals.expected ? String(accounted(totals) / totals.expected) : '')
  element('summary').dataset['whole'] = String(whole)
  fill('first', first === null ? '–' : dateAndTime(first), String(first ?? ''))
  fill('last', last === null ? '–' : dateAndTime(last), String(last ?? ''))
  for (const name of TOLD) fill(name, count(totals[name]), String(totals[name]))
}

/** One sentence for the line at the bottom. */
export function inOneSentence(coverage: Coverage): string {
  const { totals } = coverage
  if (totals.expected === 0) return 'Nothing is known of this series yet'
  const open = totals.expected - accounted(totals)
  const rest = open === 0 ? 'nothing is left to ask for' : `${count(open)} to ask for`
  return capital(`${share(coverage)} accounted for, ${rest}`)
}
