import { expect, test } from 'vitest'
import { lookedFor, proposals } from '../src/jobs/start'
import {
  askedWords, type Budget, budgetTone, budgetWords, byDue, bytes, cameWords, done, dueWords, type Job, lasted, merged, named,
  progressWords, type Run,
} from '../src/jobs/words'
import type { Task } from '../src/shared/work'

const NOON = Date.UTC(2025, 0, 1, 12)
const job: Job = {
  name: 'binance:BTCUSDT:1h', due_ms: NOON, running: false, holder: null, started_ms: null, succeeded_ms: null,
  failures: 0, error: null, error_kind: null,
}
const task: Task = {
  id: 't', kind: 'backfill', series: 'binance:BTCUSDT:1m', state: 'running', asked_ms: NOON, started_ms: NOON,
  ended_ms: null, stopping: false, words: '', error: null,
  progress: { rows: 4210, expected_rows: 8420, bytes: 12_300_000, reached_ms: NOON, rate_rows_s: 99.6, left_s: 42 },
}
const run: Run = {
  id: 'r1', series: 'binance:BTCUSDT:1h', asked: 'the last 500', started_ms: NOON, ended_ms: NOON + 340, outcome: 'done',
  error: null, error_kind: null, new: 0, unchanged: 0, revised: 0, requests: 1,
}
const budget: Budget = { exchange: 'binance', used: 1204, limit: 6000, left: 4796, frozen_seconds: 0 }

test('names of work are taken apart', () => {
  expect(named('binance:BTCUSDT:1h')).toEqual({ name: 'BTCUSDT', chip: '1h', quiet: 'binance' })
  expect(named('binance:symbols').name).toBe('List of symbols')
  expect(named('coingecko:market-caps').name).toBe('Market caps')
  expect(named('odd').name).toBe('odd')
})

test('moments that were asked for are written as people here write them', () => {
  expect(askedWords('2026-11-26 08:00:00 UTC to 2026-11-26 11:46:40.850 UTC')).toBe('Nov 26, 2026, 8:00 AM UTC to Nov 26, 2026, 11:46:40 AM UTC')
  expect(askedWords('the last 500')).toBe('the last 500')
  expect(askedWords(null)).toBe('')
})

test('progress in words: how much, how fast, how long, how far', () => {
  const words = progressWords(task)
  expect(words.map((one) => one.replace(/\D/g, ''))).toEqual(['42108420', '123', '100', '0042', expect.stringContaining('2025')])
  expect(words[3]).toBe('00:42 left')
})

test('when it is over no rate and no time is left to tell', () => {
  expect(progressWords({ ...task, state: 'done' })).toHaveLength(2)
  expect(progressWords({ ...task, progress: { ...task.progress, rows: 0, expected_rows: null, bytes: 0 }, state: 'failed' })).toEqual([])
})

test('how far: a share where the whole is known, one at the end, else nobody can tell', () => {
  expect(done(task)).toBe(0.5)
  const unknown = { ...task.progress, expected_rows: null }
  expect(done({ ...task, state: 'done', progress: unknown })).toBe(1)
  expect(done({ ...task, progress: unknown })).toBeNull()
})

test('due: counting down, at once, never, and under way', () => {
  expect(dueWords(job, NOON - 42_000)).toBe('in 00:42')
  expect(dueWords(job, NOON)).toBe('now')
  expect(dueWords({ ...job, due_ms: null }, NOON)).toBe('never')
  expect(dueWords({ ...job, running: true }, NOON)).toBe('running')
})

test('jobs stand by what comes first', () => {
  const jobs = [{ ...job, name: 'never', due_ms: null }, { ...job, name: 'later', due_ms: 9 }, { ...job, name: 'first', due_ms: 0 }, { ...job, name: 'runs', running: true }]
  expect(byDue(jobs).map((one) => one.name)).toEqual(['runs', 'first', 'later', 'never'])
})

test('what a run brought, and how long it took', () => {
  expect(cameWords(run)).toBe('nothing new, 1 request')
  expect(cameWords({ ...run, new: 12, revised: 1, requests: 2 })).toBe('12 new, 1 revised, 2 requests')
  expect(cameWords({ ...run, new: null, requests: null })).toBe('')
  expect(lasted(run)).toMatch(/^0[.,]3 s$/)
  expect(lasted({ ...run, ended_ms: NOON + 245_000 })).toBe('04:05')
})

test('a newer page comes in front, and what has moved on replaces itself', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ ...run, id })) as [Run, Run, Run]
  const moved = { ...b, outcome: 'failed' }
  expect(merged([a, moved], [b, c])).toEqual([a, moved, c])
})

test('a budget: used, nearly used, and forbidden', () => {
  expect(budgetWords(budget).replace(/[^\w ]/g, '')).toBe('1204 of 6000 used in this minute')
  expect(budgetTone(budget)).toBe('good')
  expect(budgetTone({ ...budget, used: 5000, left: 1000 })).toBe('stale')
  const frozen = { ...budget, frozen_seconds: 65 }
  expect([budgetTone(frozen), budgetWords(frozen)]).toEqual(['lost', 'Nobody may send for 01:05'])
})

test('sizes of what came', () => {
  expect([512, 1_500, 12_300_000].map(bytes).map((text) => text.replace(',', '.'))).toEqual(['512 bytes', '1.5 kB', '12.3 MB'])
})

test('what was typed is looked for by its symbol, and series are proposed', () => {
  expect(lookedFor('btc')).toBe('btc')
  expect(lookedFor(' binance:btc')).toBe('btc')
  const found = [{ exchange: 'binance', symbol: 'BTCUSDT', kept: ['1h', '1m'] }, { exchange: 'binance', symbol: 'BTCEUR', kept: [] }]
  expect(proposals(found)).toEqual(['binance:BTCUSDT:1h', 'binance:BTCUSDT:1m', 'binance:BTCEUR:1h'])
})
