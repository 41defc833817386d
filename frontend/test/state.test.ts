import { expect, test } from 'vitest'
import { type Situation, say } from '../src/chart/state'

const NOON = Date.UTC(2025, 0, 1, 12, 0, 3)
const fine: Situation = {
  nowMs: NOON, updatedMs: NOON, hasCandles: true, sandbox: false,
  exchangeError: null, lostMs: null, refusal: null, live: true, patienceMs: 60_000,
}

test('all is well', () => {
  expect(say(fine)).toEqual({ tone: 'good', text: 'Live · Updated 12:00:03 PM UTC' })
  expect(say({ ...fine, live: false }).text).toBe('Polling · Updated 12:00:03 PM UTC')
})

test('nothing has come for longer than it should', () => {
  const late = say({ ...fine, nowMs: NOON + 61_000 })
  expect(late).toEqual({ tone: 'stale', text: 'Stale since 12:00:03 PM UTC – nothing collects this series' })
})

test('nothing was collected yet', () => {
  expect(say({ ...fine, updatedMs: null, hasCandles: false }).tone).toBe('waiting')
})

test('the exchange is away: since when, what is shown, and what to do', () => {
  expect(say({ ...fine, exchangeError: 'no route' })).toEqual({
    tone: 'stale',
    text: 'Exchange unreachable since 12:00:03 PM UTC – showing stored candles – `make demo` works without network',
  })
})

test('the sandbox does not send people to the sandbox', () => {
  expect(say({ ...fine, sandbox: true, exchangeError: 'x' }).text).not.toContain('make demo')
})

test('a lost server is worse than a lost exchange', () => {
  expect(say({ ...fine, exchangeError: 'x', lostMs: NOON }).text).toContain('No answer from Chandlery since 12:00:03 PM')
})

test('a refusal is said in the server’s own words', () => {
  expect(say({ ...fine, refusal: 'The store is locked.' })).toEqual({ tone: 'lost', text: 'The store is locked.' })
})
