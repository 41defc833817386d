// The panel of one day: its stretches without candles, its changed candles, and the repair.

import { Refused, Watched } from '../shared/api'
import { inWords } from '../shared/actions'
import { element, write } from '../shared/page'
import { type Day, isoDay } from './days'
import { Repair } from './repair'
import { revisedItem, stretchItem, swatch } from './stretches'
import { type Revised, type Rows, withPresent } from './versions'
import { countsInWords, dayName, type Gap, STATE_WORDS } from './words'

interface Gaps {
  gaps: Gap[]
  has_more: boolean
}

interface Revisions {
  revisions: Revised[]
  has_more: boolean
}

const MOST = 200
const MOST_CANDLES = 1500

/** The candles that changed, with their versions up to the one in force. */
async function changed(span: URLSearchParams): Promise<Revisions | null> {
  const whole = new URLSearchParams({ ...Object.fromEntries(span), limit: String(MOST_CANDLES) })
  const [revisions, rows] = await Promise.all([
    new Watched<Revisions>(`/api/v1/revisions?${span}`).get(),
    new Watched<Rows>(`/api/v1/candles?${whole}`).get(),
  ])
  if (!revisions || !rows) return revisions
  return { ...revisions, revisions: withPresent(revisions.revisions, rows) }
}

export class DayPanel {
  private day: Day | null = null
  private series = ''
  private readonly repair = new Repair(() => this.repaired())

  /** `closed` is called when the panel was closed, `healed` when a repair is over. */
  constructor(
    private readonly closed: () => void,
    private readonly healed: () => Promise<void>,
  ) {
    element('day-close').addEventListener('click', () => this.close())
    element('day').addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close()
    })
  }

  get openDay(): number | null {
    return this.day?.ms ?? null
  }

  async show(series: string, day: Day): Promise<void> {
    const other = series !== this.series || day.startMs !== this.day?.startMs
    this.series = series
    this.day = day
    this.write(day)
    if (other) this.clear()
    element('day').dataset['open'] = 'true'
    element('day').dataset['ready'] = 'false'
    this.repair.offer(series, day)
    await this.load(series, day)
  }

  hide(): void {
    this.day = null
    element('day').dataset['open'] = 'false'
  }

  focus(): void {
    element('day-name').focus()
  }

  private close(): void {
    this.hide()
    this.closed()
  }

  private async repaired(): Promise<void> {
    await this.healed()
  }

  private write(day: Day): void {
    write(element('day-name'), dayName(day))
    element('day').dataset['day'] = isoDay(day.ms)
    const state = element('day-state')
    state.dataset['state'] = day.state
    const words = document.createElement('strong')
    write(words, STATE_WORDS[day.state])
    state.replaceChildren(swatch(day.state), words)
    write(element('day-counts'), day.state === 'none' ? '' : `${countsInWords(day)}.`)
    const link = element<HTMLAnchorElement>('to-chart')
    link.href = `/?${new URLSearchParams({ series: this.series, at: String(day.startMs) })}`
  }

  private clear(): void {
    element('stretches').replaceChildren()
    element('revisions').replaceChildren()
    this.heads(0, 0)
    this.trouble('')
  }

  private async load(series: string, day: Day): Promise<void> {
    const span = new URLSearchParams({ series, since: String(day.startMs), until: String(day.endMs), limit: String(MOST) })
    try {
      const [gaps, revisions] = await Promise.all([
        new Watched<Gaps>(`/api/v1/gaps?${span}`).get(),
        day.revised ? changed(span) : null,
      ])
      if (this.day?.startMs !== day.startMs || this.series !== series) return
      this.fill(day, gaps, revisions)
      this.trouble('')
    } catch (error) {
      this.trouble(error instanceof Refused ? error.message : inWords(error))
    }
    element('day').dataset['ready'] = 'true'
  }

  private fill(day: Day, gaps: Gaps | null, revisions: Revisions | null): void {
    const stretches = (gaps?.gaps ?? []).filter((gap) => gap.end_ms > day.startMs && gap.start_ms < day.endMs)
    const candles = revisions?.revisions ?? []
    element('stretches').replaceChildren(...stretches.map((gap) => stretchItem(gap, day)))
    element('revisions').replaceChildren(...candles.map((one) => revisedItem(one, day)))
    this.heads(stretches.length, candles.length)
    const more = gaps?.has_more || revisions?.has_more
    write(element('day-more'), more ? `Only the first ${MOST} are shown.` : '')
  }

  private heads(stretches: number, changed: number): void {
    element('stretches-part').hidden = stretches === 0
    element('revisions-part').hidden = changed === 0
  }

  private trouble(words: string): void {
    write(element('day-trouble'), words)
    element('day-trouble').hidden = words === ''
  }
}
