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
  return { tone: 'good', text: `Updated ${since(it.updatedMs, it.nowMs)} UTC` }
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
