import { describe, expect, test } from 'vitest'
import { type Drawing, drawingsOf, thinned, together } from '../src/chart/drawing'
import { pack, packed, unpack } from '../src/chart/linkdata'

const line: Drawing = { id: 'one', name: 'segment', points: [[1000, 1.5], [2000, 0.00001988]] }
const note: Drawing = { id: 'two', name: 'note', points: [[1000, 2]], text: 'höher → 100 %' }

test('what is kept is read back as it was', () => {
  expect(drawingsOf(JSON.parse(JSON.stringify([line, note])))).toEqual([line, note])
})

describe('what is no drawing is left out', () => {
  test.each([
    ['nothing', null],
    ['an unknown tool', [{ ...line, name: 'script' }]],
    ['too few points', [{ ...line, points: [[1000, 1.5]] }]],
    ['a point without a price', [{ ...line, points: [[1000, null], [2000, 1]] }]],
    ['a point that is nowhere', [{ ...line, points: [[1000, Infinity], [2000, 1]] }]],
  ])('%s', (_, found) => expect(drawingsOf(found)).toEqual([]))
})

test('a stroke is thinned until it can be kept, with both of its ends', () => {
  const stroke = Array.from({ length: 1001 }, (_, at): [number, number] => [at, at])
  const kept = thinned(stroke)
  expect(kept.length).toBeLessThanOrEqual(160)
  expect([kept[0], kept.at(-1)]).toEqual([[0, 0], [1000, 1000]])
})

test('drawings that one has already are not added again', () => {
  const all = together([line], [{ ...line, id: 'other' }, note])
  expect(all.map(({ name }) => name)).toEqual(['segment', 'note'])
  expect(all[1]?.id).not.toBe(note.id)
})

describe('a fragment', () => {
  test('brings all back, in letters that any program leaves alone', () => {
    const carried = { drawings: { 'binance:BTCUSDT': [line, note] }, parameters: { MA: [5, 10] } }
    const fragment = pack(carried)
    expect(fragment).toMatch(/^#d=[\w-]+$/)
    expect(unpack(fragment)).toEqual(carried)
  })

  test.each(['#d=', '#d=!!!', '#d=bnVsbA', '#other', `#d=${'A'.repeat(9000)}`])('%# that is none of ours is not read', (fragment) =>
    expect(unpack(fragment)).toBeNull())

  test('stays short, and says how many drawings had no room', () => {
    const many = Array.from({ length: 400 }, (_, at) => ({ ...line, id: `drawn_${at}` }))
    const { fragment, left } = packed({ drawings: { 'binance:BTCUSDT': many }, parameters: {} })
    expect(fragment.length).toBeLessThanOrEqual(8192)
    expect(left).toBeGreaterThan(0)
    expect(unpack(fragment)?.drawings?.['binance:BTCUSDT']).toHaveLength(400 - left)
  })

  test('is not there when there is nothing to carry', () => expect(packed({ drawings: {}, parameters: {} }).fragment).toBe(''))
})
