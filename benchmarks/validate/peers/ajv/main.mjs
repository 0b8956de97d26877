// ajv over one schema and some files of records, a record a line: bytes -> JSON.parse -> verdict.
// Usage: MODE WARM SECONDS SCHEMA DATA…; one line of JSON per file, see ../../README.md.

import { readFileSync } from 'node:fs'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

const [mode, warm, seconds, schemaFile, ...dataFiles] = process.argv.slice(2)
if (dataFiles.length === 0 || !['verdict', 'all'].includes(mode)) {
  console.error('usage: main.mjs verdict|all WARM SECONDS SCHEMA DATA…')
  process.exit(2)
}

const ajv = new Ajv2020.default({ allErrors: mode === 'all', strict: false })
addFormats.default(ajv)
const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')))

// What the checks leave behind goes here, so that no compiler can leave them out.
let sink = 0

function verdict(record) {
  let value
  try {
    value = JSON.parse(record.toString())
  } catch {
    return false
  }
  return validate(value)
}

// ajv has built all three texts of an error by the time it returns.
function all(record) {
  let value
  try {
    value = JSON.parse(record.toString())
  } catch (err) {
    sink += err.message.length
    return false
  }
  if (validate(value)) {
    return true
  }
  for (const e of validate.errors) {
    sink += e.instancePath.length + e.schemaPath.length + e.message.length
  }
  return false
}

const check = mode === 'all' ? all : verdict

function split(data) {
  const records = []
  for (let start = 0; start < data.length; ) {
    const end = data.indexOf(10, start)
    records.push(data.subarray(start, end))
    start = end + 1
  }
  return records
}

// Nanoseconds of the process on the processor, all threads included.
function cpuTime() {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

// Returns nanoseconds on the wall.
function pass(records) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < records.length; i++) {
    if (check(records[i])) {
      sink++
    }
  }
  return Number(process.hrtime.bigint() - start)
}

const files = dataFiles.map((file) => split(readFileSync(file)))

// How many times as long as before each file the process warms up before the first. It does so over all files: a
// compiler that has seen no error yet leaves the code for them out, and compiling counts as time of the processor.
const first = 5
for (const start = cpuTime(); cpuTime() - start < first * warm * 1e9; ) {
  files.forEach(pass)
}
for (const records of files) {
  const verdicts = records.map((r) => (check(r) ? '1' : '0')).join('')
  for (const start = cpuTime(); cpuTime() - start < warm * 1e9; ) {
    pass(records)
  }
  const walls = []
  const start = cpuTime()
  let used = 0
  while (used < seconds * 1e9) {
    walls.push(pass(records))
    used = cpuTime() - start
  }
  walls.sort((a, b) => a - b)
  console.log(JSON.stringify({
    records: records.length,
    invalid: verdicts.split('0').length - 1,
    passes: walls.length,
    cpu_ns: used / walls.length / records.length,
    wall_ns_min: walls[0] / records.length,
    wall_ns_median: walls[walls.length >> 1] / records.length,
    verdicts,
  }))
}
if (sink < 0) {
  console.error(sink)
}
