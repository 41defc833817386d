// Asking for work: which kind, of which series, with names that exist proposed while one types.

import { inWords } from '../shared/actions'
import { Watched } from '../shared/api'
import { element, write } from '../shared/page'
import { ask, type Kind } from '../shared/work'

interface Found {
  exchange: string
  symbol: string
  kept: string[]
}

const PAUSE_MS = 180
const MOST = 12

/** The series to propose: the intervals that are kept of a symbol, else the usual one. */
export function proposals(found: Found[]): string[] {
  return found
    .flatMap(({ exchange, symbol, kept }) =>
      (kept.length ? kept : ['1h']).map((interval) => `${exchange}:${symbol}:${interval}`),
    )
    .slice(0, MOST)
}

/** What to look for of what was typed so far: `binance:btc` looks for `btc`. */
export function lookedFor(typed: string): string {
  const [first = '', second] = typed.trim().split(':')
  return second ?? first
}

export class StartForm {
  private timer: number | undefined
  private readonly form = element<HTMLFormElement>('start')
  private readonly series = element<HTMLInputElement>('start-series')
  private readonly kind = element<HTMLSelectElement>('start-kind')

  constructor(private readonly changed: () => void) {
    this.form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.begin()
    })
    this.series.addEventListener('input', () => {
      clearTimeout(this.timer)
      this.timer = setTimeout(() => void this.propose(), PAUSE_MS)
    })
    this.kind.addEventListener('change', () => this.fit())
    this.fit()
  }

  /** Market caps are of no series. */
  private fit(): void {
    const without = this.kind.value === 'market_caps'
    this.series.disabled = without
    this.series.required = !without
  }

  private async propose(): Promise<void> {
    const query = lookedFor(this.series.value)
    if (!query) return
    const asked = new URLSearchParams({ query, limit: String(MOST) })
    const answer = await new Watched<{ symbols: Found[] }>(`/api/v1/symbols?${asked}`).get().catch(() => null)
    if (!answer) return
    const options = proposals(answer.symbols).map((name) => {
      const option = document.createElement('option')
      option.value = name
      return option
    })
    element('known-series').replaceChildren(...options)
  }

  private async begin(): Promise<void> {
    const kind = this.kind.value as Kind
    const series = this.series.value.trim()
    try {
      await ask(kind === 'market_caps' ? { kind } : { kind, series })
      this.say('Asked for.', 'good')
    } catch (error) {
      this.say(inWords(error), 'lost')
    }
    this.changed()
  }

  private say(words: string, tone: string): void {
    write(element('start-words'), words)
    element('start-words').dataset['tone'] = tone
  }
}
