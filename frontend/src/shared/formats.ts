// Formatters of dates, made when they are first needed: each takes milliseconds to make.

export type DateStyle = Intl.DateTimeFormatOptions

const made = new Map<string, Intl.DateTimeFormat>()

/** The formatter of that style and zone, as the reader's browser writes dates. */
export function dateFormat(style: DateStyle, zone = 'UTC'): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(style)}`
  const found = made.get(key) ?? new Intl.DateTimeFormat(undefined, { ...style, timeZone: zone })
  made.set(key, found)
  return found
}
