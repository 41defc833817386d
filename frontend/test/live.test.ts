import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Live } from '../src/shared/live'
import type { LiveCandle, Source } from '../src/shared/liveevents'

const BTC = 'binance:BTCUSDT:1h'
const ETH = 'binance:ETHUSDT:1h'
const LIVE = { status: 'live', since_ms: 1_000, error: null } as const

/** An EventSource that says what the test says. */
class Scripted implements Source {
  static opened: Scripted[] = []
  readyState = 0
  onerror: ((event: Event) => void) | null = null
  private readonly heard = new Map<string, (event: MessageEvent<string>) => void>()

  constructor(readonly url: string) {
    Scripted.opened.push(this)
  }

  static get last(): Scripted {
    const last = Scripted.opened.at(-1)
    if (!last) throw new Error('none was opened')
    return last
  }

  get query(): URLSearchParams {
    return new URL(this.url, 'http://x').searchParams
  }

  addEventListener(kind: string, heard: (event: MessageEvent<string>) => void): void {
    this.heard.set(kind, heard)
  }

  close(): void {
    this.readyState = 2
  }

  say(kind: string, data: unknown, lastEventId = ''): void {
    this.heard.get(kind)?.({ data: JSON.stringify(data), lastEventId } as MessageEvent<string>)
  }

  hello(id = 'a-1', states: Record<string, unknown> = { [BTC]: LIVE }): void {
    this.readyState = 1
    this.say('hello', { id, now_ms: 5, label: null, states }, id)
  }

  fail(readyState: number): void {
    this.readyState = readyState
    this.onerror?.(new Event('error'))
  }
}

class Page extends EventTarget {
  hidden = false

  show(shown: boolean): void {
    this.hidden = !shown
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

let page: Page
let live: Live
let log: string[]
let polls: number
let pollFails: boolean

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  page = new Page()
  vi.stubGlobal('document', page)
  vi.stubGlobal('window', new EventTarget())
  Scripted.opened = []
  log = []
  polls = 0
  pollFails = false
  live = new Live(
    {
      hello: () => log.push('hello'),
      candle: (candle: LiveCandle) => log.push(`candle ${candle.row[4]}`),
      state: (change) => log.push(`state ${change.status}`),
      kept: (kept) => log.push(`kept ${kept.updated_ms}`),
      lost: () => log.push('lost'),
      poll: async () => {
        polls += 1
        if (pollFails) throw new Error('no server')
      },
    },
    { open: (url) => new Scripted(url) },
  )
  live.watch([BTC])
})

afterEach(() => {
  live.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const candle = (close: string) => ({ series: BTC, row: [0, '1', '2', '1', close], closed: false })

test('every event reaches the listener, and the states make the status', () => {
  Scripted.last.hello()
  expect([live.status, live.since]).toEqual(['live', 1_000])
  Scripted.last.say('candle', candle('42.50000000'), 'a-2')
  Scripted.last.say('kept', { series: BTC, updated_ms: 7 }, 'a-3')
  Scripted.last.say('lost', {})
  Scripted.last.say('state', { series: BTC, status: 'unreachable', since_ms: 9, error: 'no route' }, 'a-4')
  expect(log).toEqual(['hello', 'candle 42.50000000', 'kept 7', 'lost', 'state unreachable'])
  expect([live.status, live.since, live.error]).toEqual(['unreachable', 9, 'no route'])
  expect(polls).toBe(0)
})

test('the series that stands worst makes the status', () => {
  live.watch([BTC, ETH])
  expect(Scripted.last.query.get('series')).toBe(`${BTC},${ETH}`)
  Scripted.last.hello('a-1', { [BTC]: LIVE, [ETH]: { status: 'polling', since_ms: 3, error: 'away' } })
  expect([live.status, live.since, live.error]).toEqual(['polling', 3, 'away'])
})

test('silence leads to a new connection that goes on after the last event', () => {
  Scripted.last.hello()
  Scripted.last.say('candle', candle('1'), 'a-9')
  vi.advanceTimersByTime(15_000)
  Scripted.last.say('beat', { now_ms: 1 })
  vi.advanceTimersByTime(19_000)
  expect(Scripted.opened).toHaveLength(1)
  vi.advanceTimersByTime(1_000)
  expect(Scripted.opened).toHaveLength(2)
  expect(Scripted.opened[0]?.readyState).toBe(2)
  expect(Scripted.last.query.get('after')).toBe('a-9')
})

test('a server that is gone is told as stale since it was last heard, and heals', async () => {
  Scripted.last.hello()
  vi.advanceTimersByTime(3_000)
  Scripted.last.say('beat', { now_ms: 1 })
  vi.advanceTimersByTime(2_000)
  pollFails = true
  Scripted.last.fail(0)
  await vi.advanceTimersByTimeAsync(0)
  expect([live.status, live.since, live.error]).toEqual(['stale', 1_003_000, 'no server'])
  await vi.advanceTimersByTimeAsync(4_000)
  expect(polls).toBe(2)
  Scripted.last.hello('a-1') // the browser has connected anew by itself
  expect(live.status).toBe('live')
  await vi.advanceTimersByTimeAsync(10_000)
  expect([polls, Scripted.opened.length]).toEqual([2, 1])
})

test('where the server refuses events it is asked instead, and events are tried again later', async () => {
  Scripted.last.fail(2)
  await vi.advanceTimersByTimeAsync(0)
  expect([live.status, polls]).toEqual(['polling', 1])
  await vi.advanceTimersByTimeAsync(4_900)
  expect([polls, Scripted.opened.length]).toEqual([2, 1])
  await vi.advanceTimersByTimeAsync(100)
  expect(Scripted.opened).toHaveLength(2)
  Scripted.last.fail(2)
  await vi.advanceTimersByTimeAsync(9_900)
  expect(Scripted.opened).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(100)
  expect(Scripted.opened).toHaveLength(3)
  Scripted.last.hello()
  expect(live.status).toBe('live')
})

test('events that something on the way holds back count as none', async () => {
  await vi.advanceTimersByTimeAsync(5_000)
  expect([live.status, Scripted.last.readyState]).toEqual(['polling', 2])
  await vi.advanceTimersByTimeAsync(5_000)
  expect(Scripted.opened).toHaveLength(2)
})

test('an event of a connection that was given up is not heard', () => {
  const first = Scripted.last
  first.hello()
  live.watch([BTC, ETH])
  first.say('candle', candle('1'), 'a-5')
  expect(log).toEqual(['hello'])
  expect(Scripted.last.query.get('after')).toBeNull()
})

test('fewer series go on where they were, the same ones change nothing, none ends it', () => {
  live.watch([BTC, ETH])
  Scripted.last.hello('a-4')
  live.watch([BTC, ETH])
  expect(Scripted.opened).toHaveLength(2)
  live.watch([ETH])
  expect(Scripted.last.query.get('after')).toBe('a-4')
  live.watch([])
  expect(Scripted.last.readyState).toBe(2)
})

test('a page that is hidden for long rests, and catches up when it is seen again', async () => {
  Scripted.last.hello('a-7')
  const beats = async (count: number) => {
    for (let beat = 0; beat < count; beat++) {
      Scripted.last.say('beat', {})
      await vi.advanceTimersByTimeAsync(15_000)
    }
  }
  page.show(false)
  await beats(3)
  page.show(true)
  page.show(false)
  await beats(3)
  expect(Scripted.last.readyState).toBe(1)
  await beats(1)
  expect(Scripted.last.readyState).toBe(2)
  await vi.advanceTimersByTimeAsync(600_000)
  expect([Scripted.opened.length, polls]).toEqual([1, 0])
  page.show(true)
  expect(Scripted.opened).toHaveLength(2)
  expect(Scripted.last.query.get('after')).toBe('a-7')
  Scripted.last.hello('a-7')
  expect(live.status).toBe('live')
})
