"""The rule in Lua, one script per verb, for Redis to run at once.

What it means and why stands in `rule`; the names are the same. A test holds the two equal.
"""

from __future__ import annotations

from typing import Final

from chandlery.transport.budget.rule import ALIKE, DOUBT_MS, LIMIT_MINUTES, MINUTE_MS, TURN_MS

_CONSTANTS: Final = f"""
local DOUBT_MS, LIMIT_MINUTES, MINUTE_MS = {DOUBT_MS}, {LIMIT_MINUTES}, {MINUTE_MS}
local TURN_MS, ALIKE = {TURN_MS}, {ALIKE}
"""
_FUNCTIONS: Final = (
    _CONSTANTS
    + """
local HOUR, DAY = 3600, 86400
local limit_key, freeze_key, before_key, now_key, after_key = unpack(KEYS)
local exchange_ms, steady_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local minute, ends_field = tonumber(ARGV[3]), 'ends:' .. ARGV[4]

local function number(key, field)
    return tonumber(redis.call('HGET', key, field) or 0)
end

local function turn()
    if redis.call('EXISTS', now_key) == 0 then
        redis.call('HSET', now_key, 'used', number(before_key, 'flying'), 'flying', 0)
        redis.call('EXPIRE', now_key, HOUR)
    end
end

local function used()
    return math.max(number(now_key, 'used'), number(after_key, 'used'))
end

local function raise(key, to)
    if to > number(key, 'used') then
        redis.call('HSET', key, 'used', to)
    end
end

local function state_limit(stated)
    local limit, last = number(limit_key, 'limit'), number(limit_key, 'minute')
    local holds = minute <= last and last <= minute + LIMIT_MINUTES + 1
    if stated <= limit or not holds then
        limit = stated
        redis.call('HSET', limit_key, 'limit', limit, 'minute', minute + LIMIT_MINUTES)
        redis.call('EXPIRE', limit_key, DAY)
    end
    return limit
end

local function frozen_ms()
    if redis.call('EXISTS', freeze_key) == 0 then
        return 0
    end
    local ends_ms = redis.call('HGET', freeze_key, ends_field)
    if ends_ms then
        return math.max(0, tonumber(ends_ms) - steady_ms)
    end
    local set_ms, until_ms = number(freeze_key, 'set'), number(freeze_key, 'until')
    local left_ms = math.min(until_ms - exchange_ms, until_ms - set_ms)
    if left_ms <= 0 then
        return 0
    end
    redis.call('HSET', freeze_key, ends_field, steady_ms + left_ms)
    return left_ms
end

local function freeze(length_ms)
    if length_ms > frozen_ms() then
        redis.call('DEL', freeze_key)
        redis.call('HSET', freeze_key, 'set', exchange_ms, 'until', exchange_ms + length_ms,
                   ends_field, steady_ms + length_ms)
        redis.call('PEXPIRE', freeze_key, length_ms + DAY * 1000)
    end
end

local function look(known_limit, known_used, known_frozen_ms)
    turn()
    raise(now_key, known_used)
    local limit, frozen = state_limit(known_limit), frozen_ms()
    if known_frozen_ms > frozen + DOUBT_MS then
        freeze(known_frozen_ms)
        frozen = known_frozen_ms
    end
    return limit, frozen
end
"""
)

TAKE: Final = (
    _FUNCTIONS
    + """
local weight, share = tonumber(ARGV[8]), tonumber(ARGV[9])
local limit, frozen = look(tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
local before = used()
if frozen > 0 or (before > 0 and before + weight > limit * share) then
    return {limit, before, frozen, 0}
end
redis.call('HINCRBY', now_key, 'used', weight)
redis.call('HINCRBY', now_key, 'flying', weight)
return {limit, used(), 0, 1}
"""
)

LOOK: Final = (
    _FUNCTIONS
    + """
local limit, frozen = look(tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
return {limit, used(), frozen, 0}
"""
)

SETTLE: Final = (
    _FUNCTIONS
    + """
local key, its_before_key = KEYS[6], KEYS[7]
local its_minute, weight, header = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local function of_last_minute(header)
    local alike = math.floor(number(limit_key, 'limit') / ALIKE)
    local before = number(its_before_key, 'used')
    local more = header - before
    return exchange_ms % MINUTE_MS < TURN_MS and before > 0
        and -alike <= more and more <= number(key, 'used') + alike
end

turn()
if redis.call('EXISTS', key) == 1 then
    local flying = math.max(0, number(key, 'flying') - weight)
    redis.call('HSET', key, 'flying', flying)
    if header >= 0 and its_minute >= minute and not of_last_minute(header) then
        raise(key, header + flying + number(its_before_key, 'flying'))
    end
end
return 1
"""
)

FREEZE: Final = (
    _FUNCTIONS
    + """
freeze(tonumber(ARGV[5]))
return 1
"""
)
