import type { SharedStore } from '../definition.ts'
import { bucketStanding } from './buckets.ts'
import { type Limit, type Standing, worstOf } from './limits.ts'
import { windowStanding } from './windows.ts'

export type Algorithm = 'gcra' | 'sliding-window'

/** Counts requests by key for all nodes together. Rejects as the store does. */
export interface SharedCounter {
  take(key: string): Promise<{ isAllowed: boolean; standing: Standing }>
}

/** The moment of the store, in whole microseconds: the clocks of nodes differ, and fractions of so large a number would be lost. */
const begin = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local kept = {}
local known = redis.call('GET', KEYS[1])
if known then
  for number in string.gmatch(known, '%S+') do kept[#kept + 1] = tonumber(number) end
end
local allowed = 1
local longest = 0
`

/** Keeps the moment and, for each limit, how long the bucket took from then until it would be full again. */
const gcra = `${begin}
local passed = kept[1] and math.max(0, (now - kept[1]) / 1000) or 0
local filling = {}
for i = 1, #ARGV / 2 do
  local maximum, period = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  filling[i] = math.max(0, (kept[i + 1] or 0) - passed)
  if filling[i] + period / maximum - period > 0.001 then allowed = 0 end
end
local parts = { string.format('%.0f', now) }
local answer = { allowed }
for i = 1, #filling do
  if allowed == 1 then filling[i] = filling[i] + tonumber(ARGV[2 * i]) / tonumber(ARGV[2 * i - 1]) end
  longest = math.max(longest, filling[i])
  parts[i + 1] = string.format('%.9f', filling[i])
  answer[i + 1] = parts[i + 1]
end
if allowed == 1 then redis.call('SET', KEYS[1], table.concat(parts, ' '), 'PX', math.ceil(longest) + 1) end
return answer
`

/** Keeps for each limit which window it is, the requests in it, and those in the one before. */
const slidingWindow = `${begin}
local counts = {}
for i = 1, #ARGV / 2 do
  local maximum, period = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]) * 1000
  local window, elapsed = math.floor(now / period), now % period
  local at, current, before = kept[3 * i - 2], kept[3 * i - 1] or 0, kept[3 * i] or 0
  if at == window - 1 then current, before = 0, current
  elseif at ~= window then current, before = 0, 0 end
  if before * (1 - elapsed / period) + current + 1 > maximum + 0.000001 then allowed = 0 end
  counts[i] = { window, current, before, elapsed / 1000 }
  longest = math.max(longest, (2 * period - elapsed) / 1000)
end
local parts = {}
local answer = { allowed }
for i = 1, #counts do
  local window, current, before, elapsed = unpack(counts[i])
  if allowed == 1 then current = current + 1 end
  parts[i] = string.format('%.0f %.0f %.0f', window, current, before)
  answer[i + 1] = string.format('%.0f %.0f %.6f', before, current, elapsed)
end
if allowed == 1 then redis.call('SET', KEYS[1], table.concat(parts, ' '), 'PX', math.ceil(longest) + 1) end
return answer
`

const scripts = { gcra, 'sliding-window': slidingWindow } as const

function standingOf(algorithm: Algorithm, limit: Limit, told: string): Standing {
  const [first = 0, second = 0, third = 0] = told.split(' ').map(Number)
  return algorithm === 'gcra' ? bucketStanding(limit, first) : windowStanding(limit, first, second, third)
}

/** The same answers as counting in one process gives, by one script that no other call comes in between. */
export function sharedCounter(
  store: SharedStore,
  algorithm: Algorithm,
  limits: readonly Limit[],
): SharedCounter {
  const script = scripts[algorithm]
  const args = limits.flatMap((limit) => [limit.maximumRequests, limit.timePeriodInMilliseconds])
  return {
    async take(key) {
      const answer = await store.evaluate(script, [key], args)
      if (!Array.isArray(answer)) throw new Error('the shared store answered with no list')
      const [allowed, ...told] = answer.map(String)
      const standings = limits.map((limit, index) => standingOf(algorithm, limit, told[index] ?? ''))
      return { isAllowed: allowed === '1', standing: worstOf(standings) }
    },
  }
}
