// All series that are kept, each with the share of its places that is accounted for.

import { Watched } from '../shared/api'
import { count, shortDate } from '../shared/local'
import { element, write } from '../shared/page'
import type { Coverage } from './days'
import { share } from './summary'

interface Line {
  series: string
  candles: number
  first_ms: number | null
  last_ms: number | null
  updated_ms: number | null
  revisions: number
}

export class KeptSeries {
  private readonly shares = new Map<string, { text: string; updatedMs: number | null }>()
  private lines: Line[] = []
  private waiting: Line[] = []
  private asking = false
  private readonly body = element('kept-rows')
  /** The share costs the server a look at each ledger, so only what is seen is asked for. */
  private readonly seen = new IntersectionObserver((entries) => this.came(entries), { root: element('kept-area') })

  constructor(private readonly chosen: (series: string) => void) {}

  async load(current: string): Promise<void> {
    const answer = await new Watched<{ series: Line[] }>('/api/v1/series').get()
    this.lines = answer?.series ?? []
    this.seen.disconnect()
    this.body.replaceChildren(...this.lines.map((line) => this.row(line)))
    for (const row of this.body.children) this.seen.observe(row)
    this.mark(current)
  }

  /** What the page has asked for itself need not be asked for again. */
  learn(coverage: Coverage): void {
    const line = this.lines.find((one) => one.series === coverage.series)
    this.shares.set(coverage.series, { text: share(coverage), updatedMs: line?.updated_ms ?? null })
    this.put(coverage.series)
  }

  mark(series: string): void {
    for (const row of this.body.children) {
      const here = (row as HTMLElement).dataset['series'] === series
      row.classList.toggle('here', here)
      row.querySelector('button')?.setAttribute('aria-current', String(here))
    }
  }

  private row(line: Line): HTMLElement {
    const template = element<HTMLTemplateElement>('kept-template')
    const row = (template.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement
    row.dataset['series'] = line.series
    const [exchange = '', symbol = '', interval = ''] = line.series.split(':')
    const part = (name: string) => row.querySelector(`.${name}`) as HTMLElement
    write(part('kept-name'), symbol)
    write(part('chip'), interval)
    write(part('kept-exchange'), exchange)
    write(part('kept-count'), count(line.candles))
    write(part('kept-first'), line.first_ms === null ? '–' : shortDate(line.first_ms))
    part('kept-button').addEventListener('click', () => this.chosen(line.series))
    return row
  }

  private came(entries: IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      const line = this.lines.find((one) => one.series === (target as HTMLElement).dataset['series'])
      if (!line || !isIntersecting) continue
      const known = this.shares.get(line.series)
      if (known) this.put(line.series)
      if (known?.updatedMs !== line.updated_ms) this.waiting.push(line)
    }
    void this.ask()
  }

  /** One after the other: a list of hundreds must not hold up what a person asks for. */
  private async ask(): Promise<void> {
    if (this.asking) return
    this.asking = true
    for (let line = this.waiting.shift(); line; line = this.waiting.shift()) {
      const address = `/api/v1/coverage?series=${encodeURIComponent(line.series)}`
      const coverage = await new Watched<Coverage>(address).get().catch(() => null)
      if (!coverage) continue
      this.shares.set(line.series, { text: share(coverage), updatedMs: line.updated_ms })
      this.put(line.series)
    }
    this.asking = false
  }

  private put(series: string): void {
    const row = [...this.body.children].find((one) => (one as HTMLElement).dataset['series'] === series)
    const text = this.shares.get(series)?.text ?? '…'
    const place = row?.querySelector('.kept-share')
    if (place) write(place, text)
  }
}
