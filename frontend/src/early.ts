// Runs before the first paint, as a classic script: a remembered theme must not flash.
const remembered = localStorage.getItem('theme')
if (remembered === 'light' || remembered === 'dark') {
  document.documentElement.dataset['theme'] = remembered
}
