// What there is to say of work: what it is, how it goes, how it ended. Words and numbers only.

import { count, counted, dateAndTime, shortDate } from '../shared/local'
import { countdown } from '../shared/times'
import type { Kind, Task, TaskState } from '../shared/work'

export interface Run {
  id: string
  series: string
  asked: string | null
  started_ms: number
  ended_ms: number | null
  outcome: string
  error: string | null
  error_kind: string | null
  /** Null where no candles are collected. */
  new: number | null
  unchanged: number | null
  revised: number | null
  requests: number | null
}

export interface Job {
  name: string
  due_ms: number | null
  running: boolean
  holder: string | null
  started_ms: number | null
  succeeded_ms: number | null
  failures: number
  error: string | null
  error_kind: string | null
}

export interface Budget {
  exchange: string
  used: number
  limit: number
  left: number
  frozen_seconds: number
}

export const KIND_WORDS: Record<Kind, string> = {
  collect: 'Collect the newest',
  backfill: 'Whole history',
  repair: 'Repair gaps',
  market_caps: 'Market caps',
}

export const STATE_WORDS: Record<TaskState, string> = {
  queued: 'waiting',
  running: 'running',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
}

/** `BTCUSDT`, `1h`, `binance` of a series; other names of work in words. */
export function named(name: string): { name: string; chip: string; quiet: string } {
  const parts = name.split(':')
  const [first = '', second = '', third = ''] = parts
  if (parts.length >= 3) return { name: second, chip: third, quiet: first }
  if (second === 'symbols') return { name: 'List of symbols', chip: '', quiet: first }
  if (second === 'market-caps') return { name: 'Market caps', chip: '', quiet: first }
  return { name, chip: '', quiet: '' }
}

/** How far a task is, from 0 to 1; null while nobody can tell. */
export function done(task: Task): number | null {
  const { rows, expected_rows: all } = task.progress
  if (task.state === 'done') return 1
  return all ? Math.min(1, rows / all) : null
}

const BYTES: [number, string][] = [
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
]

export function bytes(size: number): string {
  const [unit, name] = BYTES.find(([least]) => size >= least) ?? [1, 'bytes']
  const shown = size / unit
  const format = new Intl.NumberFormat(undefined, { maximumFractionDigits: shown < 100 && unit > 1 ? 1 : 0 })
  return `${format.format(shown)} ${name}`
}

/** `4,210 of 67,000 candles`, `12 MB`, `4,100 a second`, `00:15 left`, `reached 5 Mar 2024`. */
export function progressWords(task: Task): string[] {
  const { progress } = task
  const { rows, expected_rows: all, bytes: size, rate_rows_s: rate, left_s: left, reached_ms: reached } = progress
  const running = task.state === 'running'
  return [
    rows || all ? (all ? `${count(rows)} of ${counted(all, 'candle')}` : counted(rows, 'candle')) : '',
    size ? bytes(size) : '',
    running && rate ? `${count(Math.round(rate))} a second` : '',
    running && left !== null ? `${countdown(left * 1000)} left` : '',
    running && reached !== null ? `reached ${shortDate(reached)}` : '',
  ].filter(Boolean)
}

const MOMENT = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) UTC/g

/** What a run asked for, with its moments as people here write them. */
export function askedWords(asked: string | null): string {
  return (asked ?? '').replace(MOMENT, (_, day: string, time: string) => `${dateAndTime(Date.parse(`${day}T${time}Z`))} UTC`)
}

/** When it was asked for or ended, beside what it is. */
export function whenWords(task: Task): string {
  if (task.ended_ms !== null) return `${dateAndTime(task.ended_ms)} UTC`
  return `asked ${dateAndTime(task.asked_ms)} UTC`
}

/** `00:42`, `now`, `never`. */
export function dueWords(job: Job, nowMs: number): string {
  if (job.running) return 'running'
  if (job.due_ms === null) return 'never'
  if (job.due_ms <= nowMs) return 'now'
  return `in ${countdown(job.due_ms - nowMs)}`
}

/** Jobs by when they come: running ones, then by due time; those never due at the end. */
export function byDue(jobs: Job[]): Job[] {
  const rank = (job: Job) => (job.running ? -1 : (job.due_ms ?? Number.POSITIVE_INFINITY))
  return [...jobs].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
}

const SECOND_MS = 1000

/** `0.3 s`, `12 s`, `4:05` */
export function lasted(run: Run): string {
  if (run.ended_ms === null) return 'running'
  const ms = Math.max(0, run.ended_ms - run.started_ms)
  if (ms >= 60 * SECOND_MS) return countdown(ms)
  const format = new Intl.NumberFormat(undefined, { maximumFractionDigits: ms < 10 * SECOND_MS ? 1 : 0 })
  return `${format.format(ms / SECOND_MS)} s`
}

/** `12 new, 1 revised, 488 unchanged, 1 request` */
export function cameWords(run: Run): string {
  if (run.new === null) return ''
  const parts: [number | null, string][] = [
    [run.new, 'new'],
    [run.revised, 'revised'],
    [run.unchanged, 'unchanged'],
  ]
  const candles = parts.flatMap(([size, what]) => (size ? [`${count(size)} ${what}`] : []))
  const requests = run.requests === null ? [] : [counted(run.requests, 'request')]
  return [...(candles.length ? candles : ['nothing new']), ...requests].join(', ')
}

/** `1,204 of 6,000 used this minute`, or for how long nobody may send. */
export function budgetWords(budget: Budget): string {
  if (budget.frozen_seconds > 0) return `Nobody may send for ${countdown(budget.frozen_seconds * SECOND_MS)}`
  return `${count(budget.used)} of ${count(budget.limit)} used in this minute`
}

/** In which tone: the exchange forbids, little is left, all is well. */
export function budgetTone(budget: Budget): 'lost' | 'stale' | 'good' {
  if (budget.frozen_seconds > 0) return 'lost'
  return budget.left < budget.limit / 5 ? 'stale' : 'good'
}

/** The newest page in front of what was loaded before; a run that has moved on replaces itself. */
export function merged(newest: Run[], before: Run[]): Run[] {
  const fresh = new Set(newest.map((run) => run.id))
  return [...newest, ...before.filter((run) => !fresh.has(run.id))]
}
