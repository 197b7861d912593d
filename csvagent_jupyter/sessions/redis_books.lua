-- The ledger, counters and shares; last, how a call is answered.

-- task, time, body, session · 11 session of each task's ledger
function writes.record()
  redis.call('HSET', KEYS[8], args[1] .. '\0' .. args[2], args[3])
  redis.call('HSET', KEYS[11], args[1], args[4])
  if tonumber(ARGV[2]) > 0 then
    redis.call('PEXPIRE', KEYS[8], ARGV[2])
  end
  return ''
end

-- task → its entries, the oldest first
function reads.ledger()
  local wanted, fields, bodies = args[1] .. '\0', {}, {}
  for _, field in ipairs(redis.call('HKEYS', KEYS[8])) do
    if string.sub(field, 1, #wanted) == wanted then
      fields[#fields + 1] = field
    end
  end
  table.sort(fields)
  for number, field in ipairs(fields) do
    bodies[number] = redis.call('HGET', KEYS[8], field)
  end
  return bodies
end

local function exactly(amount)
  return string.format('%.17g', amount)
end

-- amount, window in microseconds or '' · 4 the counter
function writes.add()
  local amount = tonumber(args[1])
  if args[2] == '' then
    local sum = tonumber(redis.call('GET', KEYS[4]) or 0) + amount
    if amount ~= 0 then
      redis.call('SET', KEYS[4], exactly(sum))
    end
    return exactly(sum)
  end
  local window = tonumber(args[2])
  local number = integer(math.floor(NOW / window))
  local found = redis.call('HMGET', KEYS[4], 'window', 'amount')
  local sum = (found[1] == number and tonumber(found[2]) or 0) + amount
  redis.call('HSET', KEYS[4], 'window', number, 'amount', exactly(sum))
  local left = (tonumber(number) + 1) * window - NOW
  redis.call('PEXPIRE', KEYS[4], integer(math.max(1, math.ceil(left / 1000))))
  return exactly(sum)
end

-- amount, limit · 4 the counter
function writes.reserve()
  local sum = tonumber(redis.call('GET', KEYS[4]) or 0) + tonumber(args[1])
  if sum > tonumber(args[2]) then
    return '0'
  end
  redis.call('SET', KEYS[4], exactly(sum))
  return '1'
end

-- body, the body before or '*' for any, links …
-- 11 session of each link · from 12 on what is shared with each of the names
function writes.set_grants()
  local session = living_session()
  if args[2] ~= '*' and args[2] ~= (redis.call('HGET', KEYS[10], 'body') or '') then
    return 'changed'
  end
  for number = 3, #args do
    local holder = redis.call('HGET', KEYS[11], args[number])
    if holder and holder ~= session.session_id then
      refuse('LINKTAKEN')
    end
  end
  local before = redis.call('HGET', KEYS[10], 'links') or ''
  redis.call('HSET', KEYS[10], 'body', args[1], 'links', table.concat(args, '\0', 3))
  for link in string.gmatch(before, '%Z+') do
    redis.call('HDEL', KEYS[11], link)
  end
  for number = 3, #args do
    redis.call('HSET', KEYS[11], args[number], session.session_id)
  end
  for number = 12, #KEYS do
    redis.call('SADD', KEYS[number], session.session_id)
  end
  local left = redis.call('PTTL', KEYS[4])
  if left > 0 then
    redis.call('PEXPIRE', KEYS[10], left)
  end
  publish('shares:' .. session.session_id)
  return ''
end

-- type of the index, its members … · 4 the index · from 5 on what of its session each member needs
function writes.prune()
  local remove = {hash = 'HDEL', set = 'SREM', zset = 'ZREM'}
  for number = 2, #args do
    if redis.call('EXISTS', KEYS[number + 3]) == 0 then
      redis.call(remove[args[1]], KEYS[4], args[number])
    end
  end
  return ''
end

-- A write that is sent again because its answer got lost is answered as before, and not done twice. Those that bear
-- it, or know it by themselves, need no note of it.
local ANSWER_KEPT = 120000
local unnoted = {append = true, record = true, keep = true, prune = true}

local function answered()
  if reads[ARGV[1]] then
    return reads[ARGV[1]]()
  end
  local before = redis.call('GET', KEYS[1])
  if before then
    return before
  end
  local answer = writes[ARGV[1]]()
  if not unnoted[ARGV[1]] then
    redis.call('SET', KEYS[1], answer, 'PX', ANSWER_KEPT)
  end
  return answer
end

local well, answer = pcall(answered)
if well then
  return answer
elseif type(answer) == 'table' then
  -- With a second word, since Redis 7 takes one alone for the text of an ERR.
  return redis.error_reply(answer.refused and answer.refused .. ' refused' or answer.err)
end
return redis.error_reply('FAILED ' .. tostring(answer))
