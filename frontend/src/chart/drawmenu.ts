// The menu of drawing tools, and of what is drawn already.

import { parseSeries } from '../shared/intervals'
import { moment } from '../shared/times'
import { type Drawing, LONGEST_NOTE, TOOLS, toolOf } from './drawing'
import { symbolOf } from './drawingstore'
import { Menu } from './menus'
import { part } from '../shared/page'
import { liked } from './settings'
import type { Tools } from './tools'

const BIN = 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6'

type View = 'tools' | 'note' | 'clear'

export function open(tools: Tools, button: HTMLElement): void {
  let view: View = 'tools'
  const views: Record<View, (menu: Menu) => void> = {
    tools: (menu) => fill(tools, menu, show),
    note: (menu) => note(tools, menu),
    clear: (menu) => clear(tools, menu),
  }
  const menu = new Menu(button, (menu) => {
    const now = view
    view = 'tools' // the next time it opens
    views[now](menu)
  }, 'dialog')
  const show = (next: View): void => {
    view = next
    menu.close()
    menu.open()
  }
  menu.open()
}

function fill(tools: Tools, menu: Menu, show: (view: View) => void): void {
  const { drawings, desk } = tools
  for (const { name, title, icon } of TOOLS) {
    if (name === 'note') menu.entry('Note…', { icon, keep: true }, () => show('note'))
    else menu.entry(title, { icon }, () => drawings.begin(name))
  }
  menu.heading('Points')
  menu.entry('Snap to the prices of candles', { checked: liked().magnet === true }, () => drawings.setMagnet(liked().magnet !== true))
  const drawn = drawings.of(desk.active)
  if (drawn.length === 0) return
  menu.heading(`Drawn on ${parseSeries(desk.active.series).symbol}`)
  for (const one of drawn) menu.entry(nameOf(one), { icon: toolOf(one.name)?.icon ?? '', hint: placeOf(one, desk.zone()) }, () => choose(tools, one))
  menu.entry('Delete all…', { icon: BIN, keep: true }, () => show('clear'))
}

function choose({ drawings, desk }: Tools, { id }: Drawing): void {
  drawings.choose(desk.active, id)
  part(desk.active.root, 'chart').focus()
}

const nameOf = ({ name, text }: Drawing): string => text || (toolOf(name)?.title ?? name)

const placeOf = ({ points }: Drawing, zone: string): string => (points[0] ? moment(points[0][0], zone) : '')

function note(tools: Tools, menu: Menu): void {
  const form = document.createElement('form')
  form.className = 'entry-form'
  const label = document.createElement('label')
  const input = document.createElement('input')
  Object.assign(input, { type: 'search', required: true, maxLength: LONGEST_NOTE, autocomplete: 'off' })
  label.append('What the note says', input)
  const place = document.createElement('button')
  place.className = 'push'
  place.dataset['main'] = 'true'
  place.textContent = 'Place it'
  form.append(label, place)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    menu.close()
    tools.drawings.begin('note', input.value.trim())
  })
  menu.box.append(form)
}

/** What cannot be taken back is asked for. */
function clear(tools: Tools, menu: Menu): void {
  const { drawings, desk } = tools
  const count = drawings.of(desk.active).length
  menu.heading(`Delete ${count === 1 ? 'the drawing' : `all ${count} drawings`} of ${symbolOf(desk.active.series)}?`)
  menu.entry('No, keep them', { icon: 'M5.5 5.5l9 9M14.5 5.5l-9 9' }, () => {})
  menu.entry('Yes, delete them', { icon: BIN }, () => drawings.clear(desk.active))
}
