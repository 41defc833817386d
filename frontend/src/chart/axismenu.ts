// The menu of the price axis.

import { AXES } from './axes'
import { Menu } from './menus'
import type { Tools } from './tools'

export function open(tools: Tools, button: HTMLElement): void {
  new Menu(button, (menu) => {
    for (const [name, words, hint] of AXES) {
      const checked = tools.desk.state.axis === name
      menu.entry(words, { checked, radio: true, hint }, () => tools.setAxis(name))
    }
  }).open()
}
