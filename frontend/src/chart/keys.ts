// Keys of a chart: what is pressed while it has the focus, and how far one press goes.

const LONG_STEP = 10

/** What each key does; `step` is how many bars one press means. */
export type Keys = Record<string, (step: number) => void>

/** Lets `box` hear its keys; those with Ctrl, Alt or Meta are left to the browser. */
export function listen(box: HTMLElement, keys: Keys): void {
  box.addEventListener('keydown', (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key]
    if (!action) return
    event.preventDefault()
    action(event.shiftKey ? LONG_STEP : 1)
  })
}
