// Builds the page into the Python package, with a manifest that the Jinja shell reads, gzip copies
// that the server hands out, and the licences of everything that is bundled.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, '../src/chandlery/web/static')

/** Each page has an entry of its own at the top of src; pages without a script have a style sheet. */
const entries = [
  ...readdirSync(join(here, 'src')).filter((name) => name.endsWith('.ts')).map((name) => `src/${name}`),
  'src/styles/plain.css',
]

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function licenceOf(name: string): string {
  const folder = join(here, 'node_modules', name)
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const texts = filesUnder(folder)
    .filter((file) => !file.includes(`${name}/node_modules/`))
    .filter((file) => /(^|\/)(LICEN[CS]E|NOTICE|CopyrightNotice)[^/]*$/.test(file))
    .sort()
    .map((file) => readFileSync(file, 'utf8').trim())
  if (texts.length === 0) throw new Error(`${name} carries no licence text`)
  return `${'='.repeat(80)}\n${name} ${about.version} (${about.license})\n\n${texts.join('\n\n')}\n`
}

function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle(_options, bundle) {
      const files = Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []))
      const names = files.map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1])
      const bundled = [...new Set(names.filter((name) => name !== undefined))].sort()
      const source = `This page is made with the following packages.\n\n${bundled.map(licenceOf).join('\n')}`
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source })
    },
  }
}

function gzipCopies(): Plugin {
  return {
    name: 'gzip-copies',
    closeBundle() {
      for (const file of filesUnder(out).filter((name) => /\.(js|css|svg|txt)$/.test(name))) {
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  base: '/static/',
  build: {
    outDir: out,
    emptyOutDir: true,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: entries,
      // What pages share is one file: each file more is one more request before the first chart.
      output: { codeSplitting: { groups: [{ name: 'shared', test: /src\/shared\/|preload-helper/ }] } },
    },
  },
  plugins: [licences(), gzipCopies()],
})
