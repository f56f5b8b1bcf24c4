// A whole Bluesky network in one process: PLC directory, PDS, AppView and labeller, as npm's
// @atproto/dev-env puts them together. Every start is an empty network.
//
//   node network.mjs MODULES FOLDER POSTGRES_URL REDIS_HOST:PORT
//
// Writes FOLDER/network.json (the addresses) once everything answers; ends on SIGTERM.
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { createRequire } from 'node:module'

const [modules, folder, postgres, redis] = process.argv.slice(2)

// The servers listen wherever the machine can be reached. Here they are for this machine alone.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (place, ...rest) {
  if (place !== null && typeof place === 'object') {
    return listen.call(this, 'port' in place ? { ...place, host: '127.0.0.1' } : place, ...rest)
  }
  if (Number.isNaN(Number(place))) return listen.call(this, place, ...rest)
  return listen.call(this, { port: Number(place), host: '127.0.0.1' }, ...rest.filter((r) => typeof r === 'function'))
}

Object.assign(process.env, {
  TMPDIR: path.join(folder, 'tmp'), // where the PDS keeps its databases
  DB_POSTGRES_URL: postgres,
  DB_POSTGRES_SCHEMA: 'net',
  REDIS_HOST: redis,
  LOG_ENABLED: 'false',
})
fs.mkdirSync(process.env.TMPDIR, { recursive: true })

const { TestNetwork } = createRequire(path.join(modules, 'package.json'))('@atproto/dev-env')
const network = await TestNetwork.create({
  pds: { hostname: 'localhost', enableDidDocWithSession: true, rateLimitsEnabled: true },
  // As on the public network: a post says when it was taken up, not when its author says it was
  // written. Without this the AppView tells the earlier of the two.
  bsky: { dbPostgresSchema: 'net', indexedAtEpoch: new Date('2020-01-01') },
})
const port = (url) => Number(new URL(url).port)
const ready = { pds: port(network.pds.url), appview: port(network.bsky.url), plc: port(network.plc.url) }
fs.writeFileSync(path.join(folder, 'network.tmp'), JSON.stringify(ready))
fs.renameSync(path.join(folder, 'network.tmp'), path.join(folder, 'network.json'))

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    setTimeout(() => process.exit(0), 3000).unref()
    network.close().finally(() => process.exit(0))
  })
}
