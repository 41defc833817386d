// The days that are not complete as a table: for reading aloud, and for copying.

import { count } from '../shared/local'
import { element, write } from '../shared/page'
import { type Counts, type Day, type Days, isoDay } from './days'
import { dayName, STATE_WORDS } from './words'

const COLUMNS: (keyof Counts)[] = ['expected', 'stored', 'empty', 'missing', 'failed', 'unpublished', 'revised']

export class DayTable {
  private days: Days | null = null
  private readonly details = element<HTMLDetailsElement>('day-table')
  private readonly body = element<HTMLTableSectionElement>('day-rows')

  constructor(private readonly opened: (ms: number) => void) {
    // Thousands of rows are made only for those who want to see them.
    this.details.addEventListener('toggle', () => this.fill())
  }

  show(days: Days): void {
    this.days = days
    const found = days.incomplete().length
    write(element('day-table-title'), `Days that are not complete (${count(found)})`)
    this.details.hidden = found === 0
    this.fill()
  }

  private fill(): void {
    const days = this.details.open ? (this.days?.incomplete() ?? []) : []
    this.body.replaceChildren(...days.reverse().map((day) => this.row(day)))
  }

  private row(day: Day): HTMLTableRowElement {
    const row = document.createElement('tr')
    row.dataset['day'] = isoDay(day.ms)
    const head = document.createElement('th')
    head.scope = 'row'
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'link'
    write(button, isoDay(day.ms))
    button.title = dayName(day)
    button.addEventListener('click', () => this.opened(day.ms))
    head.append(button)
    const state = document.createElement('td')
    write(state, STATE_WORDS[day.state])
    row.append(head, state, ...COLUMNS.map((name) => cell(name, day[name])))
    return row
  }
}

function cell(name: string, value: number): HTMLTableCellElement {
  const made = document.createElement('td')
  made.dataset['field'] = name
  write(made, count(value))
  return made
}
