// The story of one candle: its values, where they came from and when, and what they were before.

import { address, Refused, Watched } from '../shared/api'
import { inWords } from '../shared/actions'
import { group } from '../shared/decimals'
import { element, write } from '../shared/page'
import { moment } from '../shared/times'

interface Told {
  source: string
  known_ms: number
  replaced_ms?: number
  closed?: boolean
  [field: string]: string | number | boolean | null | undefined
}

interface Story {
  series: string
  open_ms: number
  present: Told | null
  ledger: { state: string; asked_ms: number; source: string; request: string } | null
  tier: string | null
  versions: Told[]
  derived: boolean
  made_of: { series: string; candles: number; expected: number } | null
}

const ROWS: [string, string][] = [
  ['open', 'Open'], ['high', 'High'], ['low', 'Low'], ['close', 'Close'], ['volume', 'Volume'],
  ['quote_volume', 'Quote volume'], ['trades', 'Trades'], ['taker_buy_volume', 'Taker buy volume'],
  ['taker_buy_quote_volume', 'Taker buy quote volume'],
]

const SOURCES: Record<string, string> = {
  rest: 'the exchange, over REST', archive: 'the exchange’s archive', file: 'an imported file',
}

export class StoryBox {
  private readonly dialog = element<HTMLDialogElement>('story')
  private readonly body = element('story-body')

  constructor(private readonly zone: () => string) {
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog) this.dialog.close()
    })
  }

  /** Asks for the candle that opens at a moment, and shows what is known. */
  async show(series: string, openMs: number): Promise<void> {
    write(element('story-title'), `${series} · ${this.when(openMs)}`)
    this.body.replaceChildren(paragraph('Loading …'))
    if (!this.dialog.open) this.dialog.showModal()
    try {
      const story = await new Watched<Story>(address('candle', { series, open_ms: openMs })).once()
      this.body.replaceChildren(...this.parts(story))
    } catch (error) {
      this.body.replaceChildren(paragraph(error instanceof Refused ? error.message : inWords(error)))
    }
  }

  private when(ms: number): string {
    return `${moment(ms, this.zone())} ${this.zone() === 'UTC' ? 'UTC' : `(${this.zone()})`}`
  }

  private parts({ present, versions, ledger, derived, made_of: made, tier }: Story): HTMLElement[] {
    const parts: HTMLElement[] = []
    if (derived && made) {
      parts.push(paragraph(`An exact sum of ${group(String(made.candles))} of ${group(String(made.expected))} candles of ${made.series}.`))
    }
    if (present) parts.push(this.table(present, versions), this.origin(present, tier))
    else if (!derived) parts.push(paragraph('No candle is kept for this time.'))
    if (ledger) {
      parts.push(paragraph(`Asked ${this.when(ledger.asked_ms)} (${ledger.source}): ${ledger.request}. The answer: ${ledger.state}.`))
    }
    return parts
  }

  private origin({ source, known_ms: knownMs, closed }: Told, tier: string | null): HTMLElement {
    const state = closed === false ? 'Still forming. ' : ''
    const where = tier ? ` Kept in the ${tier} tier.` : ''
    return paragraph(`${state}From ${SOURCES[source] ?? source}, collected ${this.when(knownMs)}.${where}`)
  }

  /** The values now, and before each revision, side by side; what has changed stands out. */
  private table(present: Told, versions: Told[]): HTMLElement {
    const table = document.createElement('table')
    const columns = [present, ...[...versions].reverse()]
    const heads = columns.map((one, index) => (index === 0 ? 'Now' : `Until ${this.when(one.replaced_ms ?? 0)}`))
    const head = table.createTHead().insertRow()
    for (const text of ['Value', ...heads]) head.append(cell('th', text, 'col'))
    const body = table.createTBody()
    for (const [field, name] of ROWS) {
      const row = body.insertRow()
      row.append(cell('th', name, 'row'))
      columns.forEach((one, index) => {
        const value = cell('td', text(one[field]))
        value.dataset['field'] = field
        value.classList.toggle('other', index > 0 && one[field] !== present[field])
        row.append(value)
      })
    }
    return table
  }
}

const text = (value: unknown): string => (value === null || value === undefined ? '–' : group(String(value)))

function paragraph(words: string): HTMLElement {
  const made = document.createElement('p')
  made.textContent = words
  return made
}

function cell(kind: 'th' | 'td', words: string, scope?: 'row' | 'col'): HTMLTableCellElement {
  const made = document.createElement(kind)
  made.textContent = words
  if (scope) made.scope = scope
  return made
}
