// The search for symbols: those that are kept open at once, others can be kept from here.

import { inWords, post } from '../shared/actions'
import { address, Watched } from '../shared/api'
import { INTERVALS, parseSeries } from '../shared/intervals'
import { count } from '../shared/local'
import { element, write } from '../shared/page'
import { follow, type Task } from '../shared/work'
import type { Desk } from './desk'
import { type Found, type Listed, keptMatches, others } from './found'

const WAIT_MS = 120
const MOST = 40

export class Finder {
  private readonly dialog = element<HTMLDialogElement>('finder')
  private readonly input = element<HTMLInputElement>('finder-input')
  private readonly list = element('finder-list')
  private readonly interval = element<HTMLSelectElement>('finder-interval')
  private readonly progress = element<HTMLProgressElement>('finder-progress')
  private found: Found[] = []
  private at = 0
  private waiting: number | undefined

  constructor(private readonly desk: Desk) {
    this.interval.append(...INTERVALS.map((name) => new Option(name, name)))
    element('search').addEventListener('click', () => this.open())
    this.input.addEventListener('input', () => this.search())
    this.input.addEventListener('keydown', (event) => this.key(event))
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog) this.dialog.close()
    })
    document.addEventListener('keydown', (event) => this.typed(event))
  }

  open(begun = ''): void {
    if (this.dialog.open) return
    this.interval.value = parseSeries(this.desk.active.series).interval || '1h'
    this.input.value = begun
    this.say('')
    this.progress.hidden = true
    this.dialog.showModal()
    this.input.focus()
    this.search()
  }

  /** A slash, or any letter where nothing else takes it, begins a search. */
  private typed(event: KeyboardEvent): void {
    const taken = (event.target as HTMLElement).closest('input, select, textarea, dialog, [role="menu"]')
    if (taken || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key !== '/' && !/^[a-z]$/i.test(event.key)) return
    event.preventDefault()
    this.open(event.key === '/' ? '' : event.key.toUpperCase())
  }

  private search(): void {
    const query = this.input.value.trim()
    const kept = keptMatches(this.desk.kept, query, parseSeries(this.desk.active.series).interval)
    this.show(kept)
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => void this.ask(query, kept), WAIT_MS)
  }

  private async ask(query: string, kept: Found[]): Promise<void> {
    if (!query) return
    try {
      const listed = await new Watched<{ symbols: Listed[] }>(address('symbols', { query, limit: MOST })).once()
      if (query !== this.input.value.trim()) return
      this.show([...kept, ...others(listed.symbols, this.desk.kept)])
      if (this.found.length === 0) this.say(`Nothing is called ${query}.`)
    } catch (error) {
      this.say(inWords(error))
    }
  }

  private show(found: Found[]): void {
    this.found = found
    this.at = 0
    this.list.replaceChildren(...found.map((one, index) => this.option(one, index)))
    this.point(0)
  }

  private option(one: Found, index: number): HTMLElement {
    const option = document.createElement('li')
    option.id = `finder-${index}`
    option.setAttribute('role', 'option')
    option.dataset['kept'] = String(one.kept)
    for (const [name, words] of [['name', one.symbol], ['about', one.about], ['do', one.kept ? 'Open' : 'Start keeping']] as const) {
      const span = document.createElement('span')
      span.className = name
      span.textContent = words
      option.append(span)
    }
    option.addEventListener('click', () => void this.choose(one))
    return option
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) this.point(this.at + step)
    else if (event.key === 'Enter') void this.choose(this.found[this.at])
    else if (event.key === 'Escape') this.dialog.close() // else the field takes it, to empty itself
    else return
    event.preventDefault()
  }

  private point(to: number): void {
    this.at = Math.max(0, Math.min(this.found.length - 1, to))
    for (const [index, option] of [...this.list.children].entries()) {
      option.setAttribute('aria-selected', String(index === this.at))
      if (index === this.at) option.scrollIntoView({ block: 'nearest' })
    }
    if (this.found.length > 0) this.input.setAttribute('aria-activedescendant', `finder-${this.at}`)
    else this.input.removeAttribute('aria-activedescendant')
  }

  private async choose(one: Found | undefined): Promise<void> {
    if (!one) return
    if (one.kept) {
      this.dialog.close()
      await this.desk.choose(one.series)
    } else {
      await this.keep(`${one.exchange}:${one.symbol}:${this.interval.value}`)
    }
  }

  /** Starts keeping a series, shows how its history comes, and opens it. */
  private async keep(series: string): Promise<void> {
    const backfill = element<HTMLInputElement>('finder-history').checked
    this.say(`${series} is kept from now on.`)
    try {
      const { task } = await post<{ task: Task | null }>('/api/v1/series', { series, backfill })
      const ended = task && (await follow(task, (now) => this.moved(series, now)))
      if (ended?.state === 'failed') return this.say(ended.error ?? 'That did not work.')
      await this.desk.learnSeries()
      if (this.dialog.open) this.dialog.close()
      await this.desk.choose(series)
    } catch (error) {
      this.say(inWords(error))
    }
  }

  private moved(series: string, { state, progress }: Task): void {
    this.progress.hidden = false
    if (progress?.expected_rows) {
      this.progress.max = progress.expected_rows
      this.progress.value = Math.min(progress.rows, progress.expected_rows)
    }
    const rows = progress ? `${count(progress.rows)} candles` : ''
    this.say(state === 'queued' ? `${series}: waiting for a worker` : `${series}: ${rows} so far`)
  }

  private say(words: string): void {
    write(element('finder-words'), words)
  }
}
