// What is told of one day's stretches without candles, and of its candles that changed.

import { counted, dateAndTime, timeOfDay } from '../shared/local'
import { write } from '../shared/page'
import { type Day, DAY_MS } from './days'
import { changes, type Revised, type Version } from './versions'
import { beyond, capital, type Gap, STATE_LETTERS, stretch, toneOf } from './words'

function made<K extends keyof HTMLElementTagNameMap>(tag: K, name: string, text = ''): HTMLElementTagNameMap[K] {
  const one = document.createElement(tag)
  if (name) one.className = name
  if (text) one.textContent = text
  return one
}

function fact(list: HTMLElement, name: string, text: string | null): void {
  if (!text) return
  const value = made('dd', '', text)
  if (name === 'Request') value.className = 'exact'
  list.append(made('dt', '', name), value)
}

export function swatch(state: keyof typeof STATE_LETTERS): HTMLElement {
  const one = made('span', 'day-swatch', STATE_LETTERS[state])
  one.dataset['state'] = state
  one.setAttribute('aria-hidden', 'true')
  return one
}

/** One stretch: when, how much, why, and the evidence. */
export function stretchItem(gap: Gap, day: Day): HTMLLIElement {
  const item = made('li', 'stretch')
  item.dataset['reason'] = gap.reason
  const head = made('p', 'stretch-head')
  const size = gap.candles === null ? '' : counted(gap.candles, 'candle')
  head.append(swatch(toneOf(gap.reason)), made('strong', '', capital(stretch(gap, day))))
  if (size) head.append(made('span', 'quiet', size))
  item.append(head, made('p', 'reason', capital(gap.reason)), made('p', 'words', gap.words))
  const part = beyond(gap, day)
  if (part) item.append(made('p', 'quiet', part))
  item.append(evidence(gap))
  return item
}

function evidence(gap: Gap): HTMLElement {
  const facts = made('dl', 'facts')
  fact(facts, 'Asked', gap.asked_ms === null ? 'never' : `${dateAndTime(gap.asked_ms)} UTC`)
  fact(facts, 'Of', gap.source)
  fact(facts, 'Request', gap.request)
  fact(facts, 'Tries', gap.tries ? `${counted(gap.tries, 'time')} in vain` : null)
  fact(facts, 'Error', gap.error)
  return facts
}

/** One candle that changed: the values that differ, oldest first, the one in force last. */
export function revisedItem(revised: Revised, day: Day): HTMLLIElement {
  const item = made('li', 'revised')
  const long = day.endMs - day.startMs > DAY_MS
  const when = long ? dateAndTime(revised.open_ms) : timeOfDay(revised.open_ms)
  const head = made('p', 'stretch-head')
  head.append(swatch('revised'), made('strong', '', `${when} UTC`))
  head.append(made('span', 'quiet', counted(revised.versions.length, 'version')))
  item.append(head, versionTable(revised.versions))
  return item
}

function versionTable(versions: Version[]): HTMLElement {
  const frame = made('div', 'across')
  frame.tabIndex = 0
  frame.setAttribute('role', 'group')
  frame.setAttribute('aria-label', 'Values of each version')
  const table = made('table', 'versions')
  const head = made('tr', '')
  head.append(made('th', '', 'Value'), ...versions.map((one, at) => versionHead(one, at === versions.length - 1)))
  for (const one of head.children) one.setAttribute('scope', 'col')
  const body = made('tbody', '')
  for (const change of changes(versions)) body.append(changeRow(change.name, change.values))
  const top = made('thead', '')
  top.append(head)
  table.append(top, body)
  frame.append(table)
  return frame
}

function versionHead(version: Version, newest: boolean): HTMLElement {
  const head = made('th', '', newest ? 'Now' : 'Before')
  if (version.known_ms !== undefined) head.title = `Known since ${dateAndTime(version.known_ms)} UTC, by ${version.source}`
  return head
}

function changeRow(name: string, values: string[]): HTMLElement {
  const row = made('tr', '')
  const label = made('th', '', name)
  label.scope = 'row'
  row.append(label)
  for (const value of values) {
    const cell = made('td', '')
    write(cell, value)
    row.append(cell)
  }
  return row
}
