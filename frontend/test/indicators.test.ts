import { describe, expect, test } from 'vitest'
import { fit, type Kind, KINDS, kindOf, known, typed } from '../src/chart/indicators'

const kind = (name: string): Kind => kindOf(name) as Kind

describe('parameters', () => {
  test.each([
    ['MA', '7, 25 99', [7, 25, 99]],
    ['MA', '7', [7]],
    ['MA', '', null],
    ['MA', '1 2 3 4 5 6', null],
    ['MA', '7, x', null],
    ['MA', '0', null],
    ['MA', '1000', null],
    ['MA', '2.5', null],
    ['BOLL', '20 2.5', [20, 2.5]],
    ['MACD', '12 26', null],
  ])('of %s, typed as %j, are %j', (name, text, parameters) => expect(fit(kind(name), typed(text))).toEqual(parameters))

  test('from a browser that was told nonsense are not taken', () => {
    expect(fit(kind('MA'), 'seven')).toBeNull()
    expect(fit(kind('MA'), [7, null])).toBeNull()
  })

  test('that are usual fit every indicator', () => {
    for (const one of KINDS) expect(fit(one, [...one.parameters])).toEqual(one.parameters)
  })
})

test('a list from an address keeps what exists, once, in the order of the menu', () => {
  expect(known(['MACD', 'NONE', 'MA', 'MACD']).map(({ name }) => name)).toEqual(['MA', 'MACD'])
})

test('every average has a line of its own', () => {
  expect(kind('EMA').figures([12, 26])).toEqual([['ema1', 'EMA 12'], ['ema2', 'EMA 26']])
})
