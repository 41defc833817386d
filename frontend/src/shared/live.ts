// Candles as they move: server-sent events while they can be had, else asking every few seconds.
// It connects anew by itself, goes on after the last event that came, and rests while nobody looks.

import {
  type Hello, type Kept, type Kind, KINDS, type LiveCandle, type SeriesState, type Source, type StateChange,
  eventsUrl, worst,
} from './liveevents'

export type LiveStatus = 'live' | 'polling' | 'stale' | 'unreachable'

export interface Listener {
  /** Connected, for the first time or again. */
  hello?(hello: Hello): void
  candle(candle: LiveCandle): void
  state?(change: StateChange): void
  /** The store has new candles of a series. */
  kept?(kept: Kept): void
  /** Events were missed that will not come any more: ask for the candles anew. */
  lost(): void
  /** Ask for what is shown; called every few seconds while there are no events. */
  poll(): Promise<void>
  /** `status`, `since` or `error` is another. */
  changed?(): void
}

export interface Habits {
  open: (url: string) => Source
  helloMs: number
  silenceMs: number
  pollMs: number
  retryMs: number
  retryMostMs: number
  hiddenMs: number
}

const HABITS: Habits = {
  open: (url) => new EventSource(url),
  helloMs: 5_000,
  silenceMs: 20_000,
  pollMs: 4_000,
  retryMs: 5_000,
  retryMostMs: 60_000,
  hiddenMs: 60_000,
}

const CLOSED = 2
type Timer = ReturnType<typeof setTimeout> | undefined

export class Live {
  /** Of each series, as the server told it last. */
  readonly states = new Map<string, SeriesState>()
  status: LiveStatus = 'stale'
  /** Since when the status is what it is: epoch milliseconds; for `stale`, when all was well last. */
  since = Date.now()
  /** In words, why it is not live. */
  error: string | null = null

  private readonly habits: Habits
  private series: readonly string[] = []
  private source: Source | null = null
  private connected = false
  private resting = false
  private lastId = ''
  private wellAt = Date.now()
  private retries = 0
  private polling = false
  private pollTimer: Timer
  private watchTimer: Timer
  private retryTimer: Timer
  private hiddenTimer: Timer

  constructor(
    private readonly listener: Listener,
    habits: Partial<Habits> = {},
  ) {
    this.habits = { ...HABITS, ...habits }
    document.addEventListener('visibilitychange', this.seen)
    window.addEventListener('online', this.again)
  }

  /** Follows exactly these series from now on. */
  watch(series: readonly string[]): void {
    const wanted = [...new Set(series)]
    if (wanted.join() === this.series.join()) return
    // After the last event of other series nothing is known of a new one.
    if (!wanted.every((one) => this.series.includes(one))) this.lastId = ''
    this.series = wanted
    for (const one of this.states.keys()) if (!wanted.includes(one)) this.states.delete(one)
    if (!wanted.length) this.stop()
    else if (!this.resting) this.connect()
  }

  close(): void {
    this.stop()
    clearTimeout(this.hiddenTimer)
    this.series = []
    document.removeEventListener('visibilitychange', this.seen)
    window.removeEventListener('online', this.again)
  }

  private stop(): void {
    this.disconnect()
    this.stopPolling()
    clearTimeout(this.retryTimer)
  }

  private disconnect(): void {
    clearTimeout(this.watchTimer)
    this.connected = false
    if (!this.source) return
    this.source.onerror = null
    this.source.close()
    this.source = null
  }

  private connect(): void {
    this.disconnect()
    clearTimeout(this.retryTimer)
    const source = this.habits.open(eventsUrl(this.series, this.lastId))
    this.source = source
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (source === this.source) this.heard(kind, event)
      })
    }
    source.onerror = () => {
      if (source === this.source) this.broken(source)
    }
    this.expect(this.habits.helloMs)
  }

  /** Something must be heard within this time, or the connection counts as lost. */
  private expect(ms: number): void {
    clearTimeout(this.watchTimer)
    this.watchTimer = setTimeout(() => this.silent(), ms)
  }

  private silent(): void {
    const wasConnected = this.connected
    this.disconnect()
    this.startPolling()
    // One that was there is tried again at once; one that never said hello is likely held back.
    if (wasConnected) this.connect()
    else this.retryLater()
  }

  private broken(source: Source): void {
    this.connected = false
    this.startPolling()
    if (source.readyState === CLOSED) {
      this.disconnect()
      this.retryLater()
    } else {
      // The browser connects anew by itself; where that takes long, we do.
      this.expect(2 * this.habits.helloMs)
    }
  }

  private retryLater(): void {
    clearTimeout(this.retryTimer)
    const wait = Math.min(this.habits.retryMostMs, this.habits.retryMs * 2 ** this.retries++)
    // Pages that a restart has cut off do not all come back at once.
    this.retryTimer = setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2))
  }

  private heard(kind: Kind, event: MessageEvent<string>): void {
    if (event.lastEventId) this.lastId = event.lastEventId
    if (kind === 'hello') this.greeted(JSON.parse(event.data) as Hello)
    if (!this.connected) return
    this.wellAt = Date.now()
    this.expect(this.habits.silenceMs)
    this.tell(kind, event)
  }

  private greeted(hello: Hello): void {
    this.connected = true
    this.retries = 0
    this.lastId = hello.id
    this.stopPolling()
    this.states.clear()
    for (const [series, state] of Object.entries(hello.states)) this.states.set(series, state)
    this.listener.hello?.(hello)
    this.judge()
  }

  private tell(kind: Kind, event: MessageEvent<string>): void {
    if (kind === 'candle') this.listener.candle(JSON.parse(event.data) as LiveCandle)
    else if (kind === 'kept') this.listener.kept?.(JSON.parse(event.data) as Kept)
    else if (kind === 'lost') this.listener.lost()
    else if (kind === 'state') {
      const change = JSON.parse(event.data) as StateChange
      this.states.set(change.series, change)
      this.listener.state?.(change)
      this.judge()
    }
  }

  /** What the server says of the exchange, while it says anything. */
  private judge(): void {
    const state = worst(this.states.values())
    if (!state) return
    const status = state.status === 'starting' ? 'polling' : state.status
    this.become(status, state.since_ms, state.error)
  }

  private become(status: LiveStatus, since: number, error: string | null): void {
    if (this.status === status && this.since === since && this.error === error) return
    this.status = status
    this.since = since
    this.error = error
    this.listener.changed?.()
  }

  private startPolling(): void {
    if (this.polling || this.resting) return
    this.polling = true
    void this.poll()
  }

  private stopPolling(): void {
    this.polling = false
    clearTimeout(this.pollTimer)
  }

  private async poll(): Promise<void> {
    const failure = await this.listener.poll().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    if (!this.polling) return
    if (failure === null) {
      this.wellAt = Date.now()
      const since = this.status === 'polling' ? this.since : this.wellAt
      this.become('polling', since, 'No live events from the server just now.')
    } else {
      this.become('stale', this.wellAt, failure)
    }
    this.pollTimer = setTimeout(() => void this.poll(), this.habits.pollMs)
  }

  private readonly seen = (): void => {
    clearTimeout(this.hiddenTimer)
    if (document.hidden) {
      this.hiddenTimer = setTimeout(() => this.rest(), this.habits.hiddenMs)
    } else if (this.resting) {
      this.resting = false
      if (this.series.length) this.connect()
    } else if (Date.now() - this.wellAt > this.habits.silenceMs) {
      this.again() // the machine has slept
    }
  }

  private rest(): void {
    this.resting = true
    this.stop()
  }

  private readonly again = (): void => {
    if (this.resting || !this.series.length) return
    this.retries = 0
    this.connect()
  }
}
