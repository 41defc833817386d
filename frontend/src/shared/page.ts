// Finding the shell's elements, and writing into them only what is new.

export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no #${id}`)
  return found as T
}

export function write(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
