// The indicators that can be shown: what they are called, what can be set, and their colours.

import type { Palette } from '../shared/theme'

export interface Kind {
  name: string
  title: string
  /** On the candles, on the volume, or in a pane of its own. */
  place: 'price' | 'volume' | 'own'
  /** The usual parameters. */
  parameters: readonly number[]
  /** What each parameter is; one that ends in an ellipsis stands for as many as one likes. */
  names: readonly string[]
  /** Keys of the values and what people read for them. */
  figures: (parameters: readonly number[]) => readonly (readonly [string, string])[]
  /** In prices (as many decimals as they have), or with so many decimals. */
  decimals: 'price' | number
  /** Lines' colours, by their places in the page's palette. */
  slices: readonly number[]
}

const MANY = 'Periods…'
export const MOST_PARAMETERS = 5
export const LARGEST = 999

const each = (key: string, word: string) => (parameters: readonly number[]) =>
  parameters.map((one, index) => [`${key}${index + 1}`, `${word} ${one}`] as const)
const fixed = (...figures: (readonly [string, string])[]) => () => figures

export const KINDS: readonly Kind[] = [
  { name: 'MA', title: 'Moving averages', place: 'price', parameters: [7, 25, 99], names: [MANY], figures: each('ma', 'MA'), decimals: 'price', slices: [1, 7, 4, 2, 8] },
  { name: 'EMA', title: 'Exponential averages', place: 'price', parameters: [12, 26], names: [MANY], figures: each('ema', 'EMA'), decimals: 'price', slices: [6, 8, 5, 9, 3] },
  { name: 'BOLL', title: 'Bollinger bands', place: 'price', parameters: [20, 2], names: ['Period', 'Deviations'], figures: fixed(['up', 'Upper'], ['mid', 'Middle'], ['dn', 'Lower']), decimals: 'price', slices: [2, 9, 2] },
  { name: 'SAR', title: 'Parabolic SAR', place: 'price', parameters: [2, 2, 20], names: ['Start, %', 'Step, %', 'Most, %'], figures: fixed(['sar', 'SAR']), decimals: 'price', slices: [4] },
  { name: 'VOL', title: 'Volume averages', place: 'volume', parameters: [5, 20], names: [MANY], figures: each('ma', 'MA'), decimals: 2, slices: [1, 7, 4, 2, 8] },
  { name: 'MACD', title: 'MACD', place: 'own', parameters: [12, 26, 9], names: ['Fast', 'Slow', 'Signal'], figures: fixed(['dif', 'MACD'], ['dea', 'Signal'], ['macd', 'Histogram']), decimals: 'price', slices: [1, 7, 9] },
  { name: 'RSI', title: 'Relative strength', place: 'own', parameters: [14], names: [MANY], figures: each('rsi', 'RSI'), decimals: 2, slices: [4, 1, 7, 2, 8] },
  { name: 'KDJ', title: 'Stochastic KDJ', place: 'own', parameters: [9, 3, 3], names: ['Period', 'K', 'D'], figures: fixed(['k', 'K'], ['d', 'D'], ['j', 'J']), decimals: 2, slices: [1, 7, 4] },
  { name: 'CCI', title: 'Commodity channel', place: 'own', parameters: [20], names: ['Period'], figures: fixed(['cci', 'CCI']), decimals: 2, slices: [6] },
  { name: 'WR', title: 'Williams %R', place: 'own', parameters: [14], names: [MANY], figures: each('wr', '%R'), decimals: 2, slices: [8, 1, 7, 4, 2] },
  { name: 'DMI', title: 'Directional movement', place: 'own', parameters: [14, 6], names: ['Period', 'Smoothing'], figures: fixed(['pdi', '+DI'], ['mdi', '−DI'], ['adx', 'ADX'], ['adxr', 'ADXR']), decimals: 2, slices: [2, 7, 1, 9] },
  { name: 'ROC', title: 'Rate of change', place: 'own', parameters: [12, 6], names: ['Period', 'Average'], figures: fixed(['roc', 'ROC'], ['maRoc', 'Average']), decimals: 2, slices: [1, 7] },
  { name: 'OBV', title: 'On-balance volume', place: 'own', parameters: [30], names: ['Average'], figures: fixed(['obv', 'OBV'], ['maObv', 'Average']), decimals: 2, slices: [6, 8] },
]

const BY_NAME = new Map(KINDS.map((kind) => [kind.name, kind]))

export const kindOf = (name: string): Kind | undefined => BY_NAME.get(name)

/** Those of a list that exist, each once, in the order of the menu. */
export const known = (names: readonly string[]): Kind[] => KINDS.filter(({ name }) => names.includes(name))

/** Parameters that an indicator can take, or null when these cannot be. */
export function fit(kind: Kind, parameters: unknown): number[] | null {
  if (!Array.isArray(parameters)) return null
  const many = kind.names[0] === MANY
  const right = many ? parameters.length >= 1 && parameters.length <= MOST_PARAMETERS : parameters.length === kind.parameters.length
  const good = (one: unknown): boolean => typeof one === 'number' && one > 0 && one <= LARGEST && (isWhole(one) || kind.name === 'BOLL')
  return right && parameters.every(good) ? (parameters as number[]) : null
}

const isWhole = (number: number): boolean => Number.isInteger(number)

/** What was typed for an indicator that takes as many as one likes: `7, 25 99`. */
export const typed = (text: string): number[] => text.split(/[\s,;]+/).filter(Boolean).map(Number)

export const takesMany = (kind: Kind): boolean => kind.names[0] === MANY

/** The colour of the line at a place. */
export const colourOf = (kind: Kind, index: number, colours: Palette): string =>
  colours.slices[kind.slices[index % kind.slices.length] as number] as string
