// The table behind a chart: the bars in sight as text, newest first.

import { type Field, FIELDS } from '../shared/api'
import { group, trim } from '../shared/decimals'
import { parseSeries } from '../shared/intervals'
import { moment } from '../shared/times'
import type { Bar } from './bars'
import type { Desk } from './desk'
import { stateOf } from './legend'
import type { Panel } from './panel'

const EVERY_MS = 300
const MOST_ROWS = 500
const TIMES: readonly Field[] = ['open_time', 'close_time']
const PRICES: readonly Field[] = ['open', 'high', 'low', 'close']
const NAMES: Record<Field, string> = {
  open_time: 'Open time', open: 'Open', high: 'High', low: 'Low', close: 'Close', volume: 'Volume',
  close_time: 'Close time', quote_volume: 'Quote volume', trades: 'Trades',
  taker_buy_volume: 'Taker buy volume', taker_buy_quote_volume: 'Taker buy quote volume',
}

const open = new WeakMap<Panel, DataTable>()

/** Shows the table of a chart, or puts it away. */
export function toggle(panel: Panel, desk: Desk, button: HTMLElement): void {
  const table = open.get(panel) ?? new DataTable(panel, desk)
  open.set(panel, table)
  button.setAttribute('aria-expanded', String(table.toggle()))
}

class DataTable {
  private readonly box = document.createElement('div')
  private readonly table = document.createElement('table')
  private made = { form: '', rows: new Map<Bar, HTMLElement>() }
  private written = 0
  private timer: number | undefined

  constructor(
    private readonly panel: Panel,
    private readonly desk: Desk,
  ) {
    this.box.className = 'datatable'
    this.box.tabIndex = 0 // so that arrow keys scroll it
    this.box.setAttribute('role', 'region')
    this.box.setAttribute('aria-label', 'Table of the candles in sight')
    this.box.append(this.table)
    this.table.dataset['part'] = 'data-table'
    const soon = (): void => this.soon()
    panel.chart.inner.subscribeAction('onVisibleRangeChange', soon)
    const { told } = panel
    panel.told = (bar) => {
      told?.(bar)
      soon()
    }
  }

  toggle(): boolean {
    if (this.box.isConnected) this.box.remove()
    else {
      this.panel.root.querySelector('.plot')?.after(this.box)
      this.write()
    }
    return this.box.isConnected
  }

  /** The view moves at every frame; the table follows a few times in a second. */
  private soon(): void {
    if (!this.box.isConnected || this.timer !== undefined) return
    const wait = Math.max(0, this.written + EVERY_MS - performance.now())
    this.timer = window.setTimeout(() => {
      this.timer = undefined
      this.write()
    }, wait)
  }

  private write(): void {
    if (!this.box.isConnected) return
    this.written = performance.now()
    const bars = this.inSight()
    const caption = this.table.createCaption()
    caption.textContent = this.captionOf(bars)
    const body = document.createElement('tbody')
    body.append(...this.rowsOf(bars))
    this.table.replaceChildren(caption, headOf(), body)
  }

  /** Rows of bars that were in sight before are kept: while the view moves, most of them are. */
  private rowsOf(bars: readonly Bar[]): HTMLElement[] {
    const { decimals } = this.panel
    const zone = this.desk.zone()
    const before = this.made.form === `${zone} ${decimals}` ? this.made.rows : null
    const rows = new Map<Bar, HTMLElement>()
    bars.forEach((bar, index) => {
      if (bar.absence && bars[index - 1]?.absence === bar.absence) return // told by the row before
      rows.set(bar, before?.get(bar) ?? (bar.absence ? absentRow(bar, zone) : rowOf(bar, decimals, zone)))
    })
    this.made = { form: `${zone} ${decimals}`, rows }
    return [...rows.values()]
  }

  private inSight(): Bar[] {
    const { bars, inSight } = this.panel.chart
    const [first, last] = inSight ?? [0, -1]
    return bars.filter(({ timestamp }) => timestamp >= first && timestamp <= last).slice(-MOST_ROWS).reverse()
  }

  private captionOf(bars: readonly Bar[]): string {
    const { symbol, exchange } = parseSeries(this.panel.series)
    const count = bars.filter(({ absence }) => !absence).length
    return `${symbol} ${this.panel.shown} on ${exchange}: the ${count === MOST_ROWS ? 'newest ' : ''}${group(String(count))} candles in sight, newest first. Times are ${this.desk.zone()}.`
  }
}

function headOf(): HTMLElement {
  const head = document.createElement('thead')
  const row = head.insertRow()
  for (const name of [...FIELDS.map((field) => NAMES[field]), 'State']) {
    const cell = document.createElement('th')
    cell.scope = 'col'
    cell.textContent = name
    row.append(cell)
  }
  return head
}

function rowOf(bar: Bar, decimals: number, zone: string): HTMLElement {
  const row = document.createElement('tr')
  row.dataset['open'] = String(bar.timestamp)
  for (const field of FIELDS) {
    const cell = document.createElement(field === 'open_time' ? 'th' : 'td')
    if (cell instanceof HTMLTableCellElement && field === 'open_time') cell.scope = 'row'
    const exact = bar.text[field]
    const data = document.createElement('data')
    data.value = exact ?? ''
    data.dataset['column'] = field
    data.textContent = shown(field, exact, decimals, zone)
    cell.append(data)
    row.append(cell)
  }
  row.insertCell().textContent = stateOf(bar)
  return row
}

function shown(field: Field, exact: string | null, decimals: number, zone: string): string {
  if (exact === null) return '–'
  if (TIMES.includes(field)) return moment(Number(exact), zone)
  return group(trim(exact, PRICES.includes(field) ? decimals : 0))
}

function absentRow({ absence }: Bar, zone: string): HTMLElement {
  const row = document.createElement('tr')
  row.className = 'absent'
  const cell = row.insertCell()
  cell.colSpan = FIELDS.length + 1
  const { candles = 0, startMs = 0, endMs = 0 } = absence ?? {}
  cell.textContent = `${group(String(candles))} ${candles === 1 ? 'candle' : 'candles'} absent from ${moment(startMs, zone)} until ${moment(endMs, zone)}`
  return row
}
