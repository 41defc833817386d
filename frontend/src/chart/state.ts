// The state line: one plain sentence on how fresh the page is, and what to do if it is not.

import { since } from '../shared/times'

export interface Situation {
  nowMs: number
  updatedMs: number | null
  hasCandles: boolean
  sandbox: boolean
  exchangeError: string | null
  /** Since when the page itself gets no answer from the server; null while it does. */
  lostMs: number | null
  /** Why the server could not answer, in its own words. */
  refusal: string | null
  /** Whether candles come as they move, or are asked for. */
  live: boolean
  /** How long after an update the next one is overdue. */
  patienceMs: number
}

export interface Said {
  tone: 'waiting' | 'good' | 'stale' | 'lost'
  text: string
}

export function say(it: Situation): Said {
  if (it.lostMs !== null) return { tone: 'lost', text: lost(it, it.lostMs) }
  if (it.refusal !== null) return { tone: 'lost', text: it.refusal }
  if (it.exchangeError !== null) return { tone: 'stale', text: unreachable(it) }
  if (it.updatedMs === null) return { tone: 'waiting', text: 'Waiting for the first candles' }
  const when = `${since(it.updatedMs, it.nowMs)} UTC`
  if (it.nowMs - it.updatedMs > it.patienceMs) return { tone: 'stale', text: `Stale since ${when} – nothing collects this series` }
  return { tone: 'good', text: `${it.live ? 'Live' : 'Polling'} · Updated ${when}` }
}

function lost(it: Situation, lostMs: number): string {
  return `No answer from Chandlery since ${since(lostMs, it.nowMs)} UTC – trying again by itself`
}

function unreachable(it: Situation): string {
  const parts = [
    it.updatedMs === null
      ? 'Exchange unreachable'
      : `Exchange unreachable since ${since(it.updatedMs, it.nowMs)} UTC`,
  ]
  if (it.hasCandles) parts.push('showing stored candles')
  if (!it.sandbox) parts.push('`make demo` works without network')
  return parts.join(' – ')
}
