// The chart's colours and type, from the page's own palette.

import type { DeepPartial, Styles } from 'klinecharts'
import type { Palette } from '../shared/theme'

export function chartStyles(colours: Palette): DeepPartial<Styles> {
  const family = colours.font
  const size = Math.round(11 * colours.scale)
  const mark = { color: colours.muted, textFamily: family, textSize: size }
  const tick = { color: colours.muted, family, size }
  const crosshairText = {
    family, size, color: colours.card, backgroundColor: colours.crosshair, borderRadius: 4,
    borderSize: 0, paddingLeft: 6, paddingRight: 6, paddingTop: 4, paddingBottom: 4,
  }
  const crosshairLine = { color: colours.crosshair, style: 'dashed' as const, dashedValue: [3, 3] }
  const gridLine = { color: colours.faint, style: 'solid' as const }
  const bar = {
    upColor: colours.up, downColor: colours.down, noChangeColor: colours.flat,
    upBorderColor: colours.up, downBorderColor: colours.down, noChangeBorderColor: colours.flat,
    upWickColor: colours.up, downWickColor: colours.down, noChangeWickColor: colours.flat,
  }
  const last = {
    upColor: colours.up, downColor: colours.down, noChangeColor: colours.flat,
    text: { family, size, borderRadius: 4, color: colours.card, paddingLeft: 6, paddingRight: 6 },
  }
  return {
    grid: { horizontal: gridLine, vertical: gridLine },
    candle: {
      bar,
      priceMark: { high: mark, low: mark, last: { ...last, extendTexts: [countdownText(colours)] } },
      tooltip: { showRule: 'none' },
    },
    indicator: {
      tooltip: {
        showRule: 'always',
        offsetLeft: 2,
        title: { showParams: false, color: colours.muted, family, size },
      },
      lastValueMark: { show: false },
    },
    xAxis: { axisLine: { color: colours.line }, tickLine: { show: false }, tickText: tick },
    yAxis: { axisLine: { show: false }, tickLine: { show: false }, tickText: tick },
    separator: { color: colours.line, activeBackgroundColor: colours.faint },
    crosshair: {
      horizontal: { line: crosshairLine, text: crosshairText },
      vertical: { line: crosshairLine, text: crosshairText },
    },
  }
}

/** The time left to the forming candle's close, under the last price on the axis. */
function countdownText(colours: Palette) {
  return {
    show: true, position: 'below_price' as const, updateInterval: 1000, style: 'fill' as const,
    family: colours.font, size: Math.round(10 * colours.scale), weight: 'normal', color: colours.card, borderSize: 0,
    borderColor: 'transparent', borderStyle: 'solid' as const, borderDashedValue: [2, 2],
    borderRadius: 4, paddingLeft: 6, paddingRight: 6, paddingTop: 2, paddingBottom: 2,
  }
}
