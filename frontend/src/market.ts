// The page of the market: asks the server, and hands what it says to the parts that show it.

import './styles/market.css'
import { type Asked, bounded, RANGES, read, TOP, written } from './market/address'
import { changesOf, type History, historyOf, type Market, marketAt } from './market/answers'
import { Colours } from './market/colours'
import { nearest, OTHERS } from './market/dominance'
import { moment } from './market/figures'
import { Moves } from './market/moves'
import { OverTime } from './market/over'
import { Ring } from './market/ring'
import { chartOf, CoinTable } from './market/table'
import { TimeBar } from './market/timebar'
import { wireHeader } from './shared/nav'
import { element, write } from './shared/page'
import { Poll } from './shared/poll'
import { ago } from './shared/times'

const EVERY_MS = 30_000
const PAST_EVERY_MS = 5 * 60_000
const REST_MS = 60
const POINTS = 240
const TEN = 10
const CHANGES = 50

class MarketPage {
  private asked: Asked = read(location.search)
  private market: Market | null = null
  /** The moment that was asked for when `market` came; null for now. */
  private shownAt: number | null = null
  private history: History | null = null
  private pastAskedMs = 0
  private shownMs = 0
  private turn = 0
  private resting: number | undefined
  private lost: string | null = null
  private readonly colours = new Colours()
  private readonly ring = new Ring(this.colours, OTHERS, (id) => this.point(id), (id) => this.open(id))
  private readonly table = new CoinTable(this.colours, (id) => this.point(id))
  private readonly over = new OverTime(this.colours, (ms) => this.go(ms))
  private readonly moves = new Moves((ms) => this.leap(ms))
  private readonly bar = new TimeBar((at) => this.goTo(at), (range) => this.change({ range }, true))
  private readonly poll = new Poll(EVERY_MS, () => this.refresh())

  async start(): Promise<void> {
    this.wire()
    this.poll.now()
    setInterval(() => this.say(), 1000)
    await Promise.all([this.ring.load(), this.over.load()])
    document.documentElement.dataset['drawn'] = 'true'
  }

  private wire(): void {
    for (const id of ['top', 'top-number']) {
      const input = element<HTMLInputElement>(id)
      input.addEventListener(id === 'top' ? 'input' : 'change', () => this.change({ top: bounded(input.valueAsNumber) }, true))
    }
    const others = element<HTMLInputElement>('others')
    others.addEventListener('change', () => this.change({ others: others.checked }, false))
    addEventListener('popstate', () => {
      this.asked = read(location.search)
      this.settle()
      this.pastAskedMs = 0
      this.poll.now()
    })
    wireHeader(() => {
      this.ring.draw()
      this.table.recolour()
      this.over.draw()
    })
    this.settle()
  }

  /** Puts what is asked for into the controls. */
  private settle(): void {
    for (const id of ['top', 'top-number']) element<HTMLInputElement>(id).valueAsNumber = this.asked.top
    element('top').style.setProperty('--done', `${(100 * (this.asked.top - TOP.least)) / (TOP.most - TOP.least)}%`)
    element<HTMLInputElement>('others').checked = this.asked.others
    this.bar.choose(this.asked.range)
  }

  /** What is asked for has changed; `past` when the history is another one too. */
  private change(what: Partial<Asked>, past: boolean): void {
    this.asked = { ...this.asked, ...what }
    history.replaceState(null, '', `${location.pathname}${written(this.asked)}`)
    this.settle()
    this.turn += 1
    if (past) this.pastAskedMs = 0
    if (what.at === undefined) this.show()
    if (what.others !== undefined) this.showPast()
    // A slider that is drawn along asks once, when it rests for a moment.
    clearTimeout(this.resting)
    this.resting = setTimeout(() => void this.refresh(), REST_MS)
  }

  /** To the moment of a click: at the right edge it means now. */
  private go(ms: number): void {
    const times = this.history?.times_ms ?? []
    const time = times[nearest(times, ms)]
    this.leap(time === undefined || time === times.at(-1) ? null : time)
  }

  private leap(at: number | null): void {
    this.goTo(at)
    this.bar.show(this.history?.times_ms ?? [], at)
  }

  private goTo(at: number | null): void {
    this.over.moveTo(at)
    this.change({ at }, false)
  }

  private async refresh(): Promise<void> {
    const turn = this.turn
    try {
      const market = await marketAt(this.asked.top, this.asked.at)
      if (turn !== this.turn) return
      this.market = market
      this.shownAt = this.asked.at
      this.shownMs = Date.now()
      this.lost = null
      this.show()
      await this.refreshPast(turn)
    } catch (error) {
      if (turn === this.turn) this.lost = error instanceof Error ? error.message : String(error)
    }
    this.say()
  }

  private async refreshPast(turn: number): Promise<void> {
    if (Date.now() - this.pastAskedMs < PAST_EVERY_MS) return
    this.pastAskedMs = Date.now()
    const reach = RANGES[this.asked.range]
    const now = (this.market?.taken_ms ?? Date.now()) + (this.market?.age_ms ?? 0)
    const since = reach === null ? null : Math.max(0, now - reach)
    const [past, changes] = await Promise.all([historyOf(this.asked.top, since, POINTS), changesOf(TEN, CHANGES)])
    if (turn !== this.turn) {
      this.pastAskedMs = 0
      return
    }
    this.history = past
    this.colours.meet(past.coins.map((coin) => coin.id))
    this.moves.show(changes)
    this.showPast()
    this.ring.draw()
    this.table.recolour()
  }

  private show(): void {
    const { market, asked } = this
    if (!market) return
    const others = asked.others && market.others ? [{ id: OTHERS, name: 'Others', ...market.others }] : []
    const coins = market.coins.slice(0, asked.top)
    element('market').dataset['empty'] = String(coins.length === 0)
    element('biggest').dataset['empty'] = String(coins.length === 0)
    this.table.show({ ...market, coins }, asked.others)
    this.ring.show([...coins, ...others], market.currency ?? 'usd')
    element<HTMLInputElement>('others').disabled = market.others === null
    document.documentElement.dataset['ready'] = 'true'
  }

  private showPast(): void {
    if (!this.history) return
    this.over.show(this.history, this.asked.others, this.asked.at)
    this.bar.show(this.history.times_ms, this.asked.at)
  }

  private point(id: string | null): void {
    this.ring.point(id)
    this.table.point(id)
  }

  private open(id: string): void {
    const pair = this.market?.coins.find((coin) => coin.id === id)?.pair
    if (pair) location.assign(chartOf(pair))
  }

  private say(): void {
    const { tone, text } = this.standing()
    element('standing').dataset['tone'] = tone
    write(element('standing-text'), text)
    element('standing-text').title = this.market?.error ?? ''
  }

  private standing(): { tone: string; text: string } {
    if (this.lost !== null) return { tone: 'lost', text: `No answer from Chandlery: ${this.lost}` }
    if (!this.market) return { tone: 'waiting', text: 'Loading' }
    const { taken_ms, age_ms, error } = this.market
    if (taken_ms === null) return { tone: 'waiting', text: error ? 'CoinGecko does not answer' : 'No market caps kept at that time' }
    if (this.shownAt !== null) return { tone: 'past', text: `As it was on ${moment(taken_ms)} UTC` }
    const age = ago((age_ms ?? 0) + Date.now() - this.shownMs)
    if (error) return { tone: 'stale', text: `CoinGecko does not answer – values from ${age}` }
    return { tone: 'good', text: `Live – ${age}` }
  }
}

void new MarketPage().start()
