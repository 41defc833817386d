// What ran: finished work newest first, by series and outcome, further back on request.

import { inWords } from '../shared/actions'
import { Watched } from '../shared/api'
import { copyOf, type Kept, KeyedList } from '../shared/keyed'
import { dateAndTime } from '../shared/local'
import { element, write } from '../shared/page'
import { ask } from '../shared/work'
import { askedWords, cameWords, lasted, merged, named, type Run } from './words'

interface Runs {
  runs: Run[]
  has_more: boolean
}

const PAGE = 25

export class RanList {
  private runs: Run[] = []
  private more = false
  private watch = new Watched<Runs>(address({}))
  private readonly series = element<HTMLInputElement>('ran-series')
  private readonly outcome = element<HTMLSelectElement>('ran-outcome')
  private readonly list = new KeyedList<Run>(element('runs'), (run) => run.id, () => this.row())

  constructor(private readonly changed: () => void) {
    for (const field of [this.series, this.outcome]) field.addEventListener('change', () => this.choose())
    element('more-runs').addEventListener('click', () => void this.older())
  }

  /** Takes the filter from the address. */
  start(asked: URLSearchParams): void {
    this.series.value = asked.get('series') ?? ''
    this.outcome.value = asked.get('outcome') ?? ''
    this.watch = new Watched<Runs>(address(this.filter()))
  }

  async refresh(): Promise<void> {
    const watch = this.watch
    const answer = await watch.get()
    if (!answer || watch !== this.watch) return
    // What was loaded further back stays, and so does whether there is more behind it.
    if (this.runs.length <= PAGE) this.more = answer.has_more
    this.runs = merged(answer.runs, this.runs)
    this.draw()
  }

  private filter(): Record<string, string> {
    const asked = { series: this.series.value.trim(), outcome: this.outcome.value }
    return Object.fromEntries(Object.entries(asked).filter(([, value]) => value))
  }

  private choose(): void {
    const url = new URL(location.href)
    for (const name of ['series', 'outcome']) url.searchParams.delete(name)
    for (const [name, value] of Object.entries(this.filter())) url.searchParams.set(name, value)
    history.replaceState(null, '', url)
    this.runs = []
    this.draw()
    this.watch = new Watched<Runs>(address(this.filter()))
    this.changed()
  }

  private async older(): Promise<void> {
    const last = this.runs.at(-1)
    if (!last) return
    const before = new Watched<Runs>(address({ ...this.filter(), before: last.id }))
    try {
      const answer = await before.get()
      if (!answer) return
      this.more = answer.has_more
      this.runs = merged(this.runs, answer.runs)
      this.draw()
    } catch (error) {
      write(element('ran-note'), inWords(error))
    }
  }

  private draw(): void {
    this.list.show(this.runs)
    element('no-runs').hidden = this.runs.length > 0
    element('more-runs').hidden = !this.more
  }

  private row(): Kept<Run> {
    const { part, find } = copyOf(element<HTMLTemplateElement>('run-template'))
    let now: Run | null = null
    find('retry').addEventListener('click', async () => {
      if (!now) return
      const caps = named(now.series).name === 'Market caps'
      try {
        await ask(caps ? { kind: 'market_caps' } : { kind: 'collect', series: now.series })
        write(find('act-error'), 'Asked for; it stands above.')
      } catch (error) {
        write(find('act-error'), inWords(error))
      }
      this.changed()
    })
    const show = (run: Run): void => {
      now = run
      fill(run, part, find)
    }
    return { part, show }
  }
}

function fill(run: Run, part: HTMLElement, find: ReturnType<typeof copyOf>['find']): void {
  const { name, chip, quiet } = named(run.series)
  part.dataset['run'] = run.id
  part.dataset['outcome'] = run.outcome
  write(find('run-name'), name)
  write(find('chip'), chip)
  find('chip').hidden = chip === ''
  write(find('run-exchange'), quiet)
  write(find('badge-state'), run.outcome)
  write(find('run-asked'), askedWords(run.asked))
  write(find('run-came'), cameWords(run))
  write(find('run-when'), `${dateAndTime(run.started_ms)} UTC`)
  write(find('run-lasted'), lasted(run))
  write(find('error'), run.error ?? '')
  const retry = find('retry')
  // Lists of symbols come by themselves: nobody can ask for one.
  retry.hidden = run.error === null || run.series.endsWith(':symbols')
  retry.setAttribute('aria-label', `Collect now: ${run.series}`)
}

function address(asked: Record<string, string>): string {
  return `/api/v1/runs?${new URLSearchParams({ limit: String(PAGE), ...asked })}`
}
