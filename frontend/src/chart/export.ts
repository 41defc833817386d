// What leaves the page: candles in sight as a file, a picture of the chart, a link to what is shown.

import { address } from '../shared/api'
import { lengthOf } from '../shared/intervals'
import { copyLink } from './link'
import { Menu } from './menus'
import type { Panel } from './panel'
import { savePicture } from './picture'
import { tell } from './toast'
import type { Tools } from './tools'

const MOST = 5000
const ICONS = {
  table: 'M3.5 4.5h13v11h-13zM3.5 8.5h13M8 8.5v7',
  file: 'M5 3h7l3 3v11H5zM12 3v3h3',
  picture: 'M3.5 4.5h13v11h-13zM3.5 13l4-4 3 3 2-2 4 4',
  link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.3-2.3a3 3 0 0 0-4.3-4.3l-.8.8M11.5 8.5a3 3 0 0 0-4.3 0l-2.3 2.3a3 3 0 0 0 4.3 4.3l.8-.8',
}

export function open(tools: Tools, button: HTMLElement): void {
  new Menu(button, (menu) => {
    const panel = tools.desk.active
    const sight = panel.chart.inSight
    if (sight) {
      menu.heading('Candles in sight')
      menu.link('CSV', { icon: ICONS.table, hint: 'for a spreadsheet' }, fileOf(panel, sight, 'csv'), nameOf(panel, sight, 'csv'))
      menu.link('Parquet', { icon: ICONS.file, hint: 'exact decimals' }, fileOf(panel, sight, 'parquet'), nameOf(panel, sight, 'parquet'))
      menu.heading('What is shown')
      menu.entry('Picture', { icon: ICONS.picture, hint: 'PNG' }, () => void saved(tools, panel))
    }
    menu.entry('Copy link', { icon: ICONS.link, hint: 'with drawings' }, () => void copyLink(tools))
  }).open()
}

/** The address of the candles from the first to the last in sight. */
function fileOf(panel: Panel, [first, last]: [number, number], format: string): string {
  return address('candles', { series: panel.shownSeries, since: first, until: last + 1, limit: MOST, format })
}

function nameOf(panel: Panel, [first]: [number, number], ending: string): string {
  const [exchange, symbol, interval] = panel.shownSeries.split(':')
  const day = new Date(first).toISOString()
  const since = lengthOf(panel.shown) < 86_400_000 ? day.slice(0, 16).replace(':', '') : day.slice(0, 10)
  return `${exchange}-${symbol}-${interval}-${since}.${ending}`
}

async function saved(tools: Tools, panel: Panel): Promise<void> {
  try {
    await savePicture(panel, tools, nameOf(panel, panel.chart.inSight ?? [tools.desk.now(), 0], 'png'))
    tell('The picture is among your downloads.')
  } catch {
    tell('This browser could not make the picture.')
  }
}
