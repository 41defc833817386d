import { describe, expect, test } from 'vitest'
import { changePercent, compare, decimalsOf, group, grouping, shares, sum, trim } from '../src/shared/decimals'

describe('trim', () => {
  test.each([
    ['93488.83000000', 2, '93488.83'],
    ['93576.00000000', 2, '93576.00'],
    ['0.00001988', 2, '0.00001988'],
    ['456.72831000', 0, '456.72831'],
    ['94026', 0, '94026'],
    ['100', 2, '100.00'],
    ['100.000', 0, '100'],
  ])('%s with %i decimals is %s', (text, decimals, shown) => expect(trim(text, decimals)).toBe(shown))
})

test('group sets thousands apart, and only in the whole part', () => {
  expect(group('42690193.80130460')).toBe('42,690,193.80130460')
  expect(group('999')).toBe('999')
  expect(group('-1234567')).toBe('-1,234,567')
})

describe('grouping', () => {
  test.each([
    ['en', '42690193.80130460', '42,690,193.80130460'],
    ['de', '42690193.80130460', '42.690.193,80130460'],
    ['en-IN', '42690193.5', '4,26,90,193.5'],
    ['es', '1234.5', '1234,5'],
    ['ar-EG', '1234.50', '١٬٢٣٤٫٥٠'],
    ['de', '12345678901234567890.10', '12.345.678.901.234.567.890,10'],
    ['de', '0.00001988', '0,00001988'],
    ['de', '-0.5', '-0,5'],
    ['de', '+1.20%', '+1,20%'],
    ['de', '1.2K', '1.2K'],
    ['de', '–', '–'],
  ])('in %s, %s is %s', (locale, text, shown) => expect(grouping(locale)(text)).toBe(shown))
})

test('decimalsOf counts what is left without needless zeros', () => {
  expect(decimalsOf('1.23000000')).toBe(2)
  expect(decimalsOf('12')).toBe(0)
})

describe('changePercent', () => {
  test.each([
    ['100', '101', '1.00'],
    ['100', '99', '-1.00'],
    ['100.00', '100', '0.00'],
    ['93488.83000000', '93576.00000000', '0.09'],
    ['0.00000001', '0.00000002', '100.00'],
  ])('%s to %s is %s', (before, after, said) => expect(changePercent(before, after)).toBe(said))

  test('is not told when the first price is zero', () => expect(changePercent('0', '1')).toBeNull())
})

test('compare sees the last digit of numbers that are equal as floats', () => {
  expect(compare('123456789012.12345678', '123456789012.12345679')).toBe(-1)
  expect(compare('1.0', '1.00000000')).toBe(0)
  expect(compare('2', '1.9')).toBe(1)
})

test('sum loses no digit', () => {
  expect(sum(['0.1', '0.2', '9007199254740993'])).toBe('9007199254740993.3')
  expect(sum([])).toBe('0')
})

describe('shares', () => {
  test('are of the parts that are there', () => {
    expect(shares(['75', null, '25'])).toEqual(['75.00', null, '25.00'])
  })
  test('round halves up', () => expect(shares(['1', '799'])).toEqual(['0.13', '99.88']))
  test('of nothing are not told', () => expect(shares(['0'])).toEqual([null]))
})
