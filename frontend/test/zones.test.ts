import { describe, expect, test } from 'vitest'
import { aheadOf, matching } from '../src/chart/zonenames'

describe('how far clocks are ahead', () => {
  test.each([
    [0, 'UTC'],
    [3_600_000, 'UTC+1'],
    [-12_600_000, 'UTC−3:30'],
    [20_700_000, 'UTC+5:45'],
  ])('%i ms is %s', (ms, said) => expect(aheadOf(ms)).toBe(said))
})

test('a zone is found by any part of its name, by that of its city first', () => {
  const zones = ['America/New_York', 'America/North_Dakota/New_Salem', 'Asia/Tokyo', 'Europe/York']
  expect(matching(zones, 'new york')).toEqual(['America/New_York'])
  expect(matching(zones, 'york')).toEqual(['Europe/York', 'America/New_York'])
  expect(matching(zones, 'tok')).toEqual(['Asia/Tokyo'])
  expect(matching(zones, 'mars')).toEqual([])
})
