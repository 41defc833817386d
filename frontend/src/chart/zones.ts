// The menu of time zones: UTC, the browser's own, and any other by its name.

import { offset } from '../shared/times'
import { Menu } from './menus'
import type { Tools } from './tools'
import { aheadOf, matching } from './zonenames'

const MOST = 40
/** Where people trade; shown before anything is typed. */
const OFTEN = [
  'America/New_York', 'America/Chicago', 'America/Los_Angeles', 'America/Sao_Paulo', 'Europe/London', 'Europe/Berlin',
  'Europe/Istanbul', 'Asia/Dubai', 'Asia/Kolkata', 'Asia/Singapore', 'Asia/Hong_Kong', 'Asia/Tokyo', 'Asia/Seoul', 'Australia/Sydney',
]

const named = (zone: string): string => zone.replaceAll('_', ' ')

export function open(tools: Tools, button: HTMLElement): void {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  const all = Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')
  const menu = new Menu(button, (menu) => fill(tools, menu, own, all), 'dialog')
  menu.box.classList.add('wide-menu')
  menu.open()
}

function fill(tools: Tools, menu: Menu, own: string, all: readonly string[]): void {
  const field = document.createElement('input')
  Object.assign(field, { type: 'search', placeholder: 'Find a city or region', autocomplete: 'off' })
  field.setAttribute('aria-label', 'Find a time zone')
  const list = document.createElement('div')
  list.setAttribute('role', 'radiogroup')
  list.setAttribute('aria-label', 'Time zones')
  const show = (): void => {
    list.replaceChildren()
    const asked = field.value.trim()
    const { zone } = tools.desk.state
    const found = asked ? matching(['UTC', ...all], asked) : [...new Set(['UTC', own, zone, ...OFTEN])]
    for (const one of found.slice(0, MOST)) entry(tools, menu, list, one, own)
    list.append(more(found.length, asked !== ''))
  }
  field.addEventListener('input', show)
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return
    event.preventDefault() // else it would press the button that gets the focus
    list.querySelector<HTMLElement>('.entry')?.click()
  })
  menu.box.append(field, list)
  show()
}

function entry(tools: Tools, menu: Menu, list: HTMLElement, zone: string, own: string): void {
  const words = zone === own && zone !== 'UTC' ? `${named(zone)} (this browser)` : named(zone)
  const hint = zone === 'UTC' ? '' : aheadOf(offset(Date.now(), zone))
  menu.entry(words, { checked: tools.desk.state.zone === zone, radio: true, hint }, () => tools.setZone(zone), list)
}

function more(count: number, asked: boolean): HTMLElement {
  const line = document.createElement('p')
  line.className = 'menu-heading'
  line.setAttribute('role', 'status')
  line.textContent = count === 0 ? 'No time zone has such a name.' : count > MOST ? `${count - MOST} more of this name.` : asked ? '' : 'Type to find any other.'
  return line
}
