// A picture of a chart, with the words around it that say what it shows.

import { palette, type Palette } from '../shared/theme'
import { parseSeries } from '../shared/intervals'
import { moment } from '../shared/times'
import type { Bar } from './bars'
import { lastPrice } from './heading'
import { colourOf, takesMany } from './indicators'
import type { Panel } from './panel'
import type { Tools } from './tools'

const HEAD_PX = 52
const LINE_PX = 20
const EDGE_PX = 16

export async function savePicture(panel: Panel, tools: Tools, name: string): Promise<void> {
  const canvas = await paint(panel, tools)
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'))
  if (!blob) throw new Error('no picture')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

async function paint(panel: Panel, tools: Tools): Promise<HTMLCanvasElement> {
  const colours = palette()
  const { last } = panel // before a newer one comes, while the picture is read
  const chart = new Image()
  chart.src = panel.chart.inner.getConvertPictureUrl(true, 'png', colours.card)
  await chart.decode()
  const head = HEAD_PX + (tools.on.length > 0 ? LINE_PX + 4 : 0)
  const ratio = devicePixelRatio
  const width = chart.width / ratio
  const canvas = document.createElement('canvas')
  canvas.width = chart.width
  canvas.height = chart.height + head * ratio
  const ctx = canvas.getContext('2d') as CanvasRenderingContext2D
  ctx.scale(ratio, ratio)
  ctx.fillStyle = colours.card
  ctx.fillRect(0, 0, width, canvas.height / ratio)
  heading(ctx, panel, last, tools, colours, width)
  if (tools.on.length > 0) indicators(ctx, tools, colours)
  ctx.drawImage(chart, 0, head, width, chart.height / ratio)
  return canvas
}

function heading(
  ctx: CanvasRenderingContext2D, panel: Panel, last: Bar | undefined, tools: Tools, colours: Palette, width: number,
): void {
  const { symbol, exchange } = parseSeries(panel.series)
  let x = EDGE_PX
  const write = (words: string, font: string, colour: string): void => {
    ctx.font = `${font} ${colours.font}`
    ctx.fillStyle = colour
    ctx.fillText(words, x, HEAD_PX / 2 + 6)
    x += ctx.measureText(words).width + 10
  }
  write(symbol, '700 19px', colours.text)
  write(`${panel.shown} · ${exchange}`, '500 13px', colours.muted)
  if (last) write(lastPrice(last, panel.decimals), '650 17px', last.close >= last.open ? colours.up : colours.down)
  ctx.textAlign = 'right'
  ctx.font = `500 13px ${colours.font}`
  ctx.fillStyle = colours.muted
  const when = `${moment(Math.floor(tools.desk.now() / 60_000) * 60_000, tools.desk.zone())} ${tools.desk.zone()}`
  const words = width > 620 ? `${when} · Chandlery` : 'Chandlery'
  ctx.fillText(words, width - EDGE_PX, HEAD_PX / 2 + 6)
  ctx.textAlign = 'left'
}

function indicators(ctx: CanvasRenderingContext2D, tools: Tools, colours: Palette): void {
  let x = EDGE_PX
  ctx.font = `500 12px ${colours.font}`
  for (const { kind, parameters } of tools.on) {
    const words = takesMany(kind) ? kind.name : `${kind.name} ${parameters.join(', ')}`
    ctx.fillStyle = colours.text
    ctx.fillText(words, x, HEAD_PX + 8)
    x += ctx.measureText(words).width + 6
    for (const [index, [, label]] of kind.figures(parameters).entries()) {
      ctx.fillStyle = colourOf(kind, index, colours)
      const figure = takesMany(kind) ? String(parameters[index]) : label
      ctx.fillText(figure, x, HEAD_PX + 8)
      x += ctx.measureText(figure).width + 6
    }
    x += 10
  }
}
