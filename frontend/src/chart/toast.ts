// A line that tells what has just been done, and goes by itself.

const STAYS_MS = 6000

const line = document.createElement('p')
line.className = 'toast'
line.setAttribute('role', 'status')
document.body.append(line)
let timer: number | undefined

export function tell(words: string): void {
  line.textContent = words
  clearTimeout(timer)
  timer = window.setTimeout(hush, STAYS_MS)
}

export function hush(): void {
  clearTimeout(timer)
  line.textContent = ''
}
