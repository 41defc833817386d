import { expect, test } from 'vitest'
import { DAY_MS, type Day, noDay } from '../src/coverage/days'
import { askFor } from '../src/coverage/repair'
import { changes, withPresent } from '../src/coverage/versions'
import { beyond, countsInWords, daySentence, type Gap, stretch } from '../src/coverage/words'
import { portion } from '../src/shared/local'

const ms = Date.UTC(2024, 2, 5)
const day: Day = { ...noDay(ms), state: 'empty', expected: 24, stored: 22, empty: 2 }
const gap: Gap = {
  start_ms: ms + 7 * 3_600_000, end_ms: ms + 9 * 3_600_000, candles: 2, reason: 'empty at the exchange',
  words: '', asked_ms: 1, source: 'rest', request: '/x', tries: 0, error: null,
}

test('a day in one sentence, what lacks named', () => {
  expect(countsInWords(day)).toBe('22 of 24 candles, 2 empty at the exchange')
  expect(daySentence(day, ms, ms)).toContain('2024: 22 of 24 candles, 2 empty at the exchange')
})

test('days without candles say why', () => {
  const none = noDay(ms)
  expect(daySentence(none, ms + DAY_MS, ms + DAY_MS)).toContain('before the listing')
  expect(daySentence(none, ms - DAY_MS, ms - DAY_MS)).toContain('after the last candle')
})

test('a stretch is cut to its day, and says what it is part of', () => {
  expect(stretch(gap, day)).toMatch(/7.* – 0?9/)
  expect(stretch({ ...gap, end_ms: ms + 3 * DAY_MS }, day)).toContain('midnight')
  expect(stretch({ ...gap, start_ms: 0, end_ms: ms + DAY_MS }, day)).toBe('the whole day')
  expect(beyond(gap, day)).toBe('')
  expect(beyond({ ...gap, start_ms: 0 }, day)).toContain('from the beginning of time')
})

test('only the whole is a hundred percent', () => {
  expect(portion(4_799_999, 4_800_000)).toBe('99.99%')
  expect(portion(4_800_000, 4_800_000)).toBe('100%')
  expect(portion(0, 0)).toBe('–')
})

test('values that changed, digit for digit; needless zeros are no change', () => {
  const version = { open_time: ms, known_ms: 1, source: 'rest', open: '1.10', close: '2.00', trades: 5 }
  const newer = { ...version, open: '1.1', close: '2.01', trades: 6 }
  expect(changes([version, newer])).toEqual([
    { name: 'Close', values: ['2.00', '2.01'] },
    { name: 'Trades', values: ['5', '6'] },
  ])
})

test('the version in force stands last', () => {
  const older = { open_time: ms, known_ms: 1, source: 'rest', open: '1' }
  const rows = { columns: ['open_time', 'open'], rows: [[ms - 1, '5'], [ms, '2']] }
  const [with_] = withPresent([{ open_ms: ms, versions: [older] }], rows)
  expect(with_?.versions.map((one) => one['open'])).toEqual(['1', '2'])
})

test('where something lacks its gaps are repaired; where nothing does there is nothing to ask', () => {
  const span = { series: 'a:B:1h', since: ms, until: ms + DAY_MS }
  expect(askFor('a:B:1h', day)).toEqual({ kind: 'repair', ...span })
  expect(askFor('a:B:1h', { ...day, state: 'complete', empty: 0 })).toBeNull()
})
