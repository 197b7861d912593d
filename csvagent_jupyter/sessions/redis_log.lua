-- Sessions and their events, in one step each. First of the pieces that redis_scripts.py puts together.
--
-- KEYS    1 what this call answered before · 2 the line · 3 when each owner was last served
--         4 session · 5 its events · 6 index of the events · 7 tasks · 8 ledger · 9 artifacts · 10 grants
--         further ones as the call says; calls without a session have theirs from 4 on
-- ARGV    1 name of the call · 2 milliseconds that a session lives without use, 0 for ever · 3 prefix of the channels
--         further ones are the call's own: `args`

local reads, writes = {}, {}
local args = {unpack(ARGV, 4)}
local DAY = 86400000

local function integer(number)
  return string.format('%.0f', number)
end

local time = redis.call('TIME')
local NOW = tonumber(time[1]) * 1000000 + tonumber(time[2])
local NOW_MS = math.floor(NOW / 1000)

-- Days to a date: Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
local function iso(ms)
  local seconds = math.floor(ms / 1000)
  local days = math.floor(seconds / 86400)
  local rest = seconds - days * 86400
  local shifted = days + 719468
  local era = math.floor(shifted / 146097)
  local doe = shifted - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format(
    '%04d-%02d-%02dT%02d:%02d:%02d.%03dZ',
    year, month, day, math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60, ms % 1000
  )
end

local function refuse(word)
  error({refused = word})
end

local function publish(topic)
  redis.call('PUBLISH', ARGV[3] .. topic, '')
end

-- --- sessions ---------------------------------------------------------------------------------------------------

local function any_session()
  local text = redis.call('GET', KEYS[4])
  return text and cjson.decode(text) or refuse('NOSESSION')
end

local function living_session()
  local session = any_session()
  return session.deleted_at and refuse('NOSESSION') or session
end

-- Note a use of the session: it and all that belongs to it live on.
local function use(session)
  local ms = tonumber(ARGV[2])
  if ms == 0 and session.deleted_at then
    ms = DAY
  end
  session.used = integer(NOW)
  session.updated_at = iso(NOW_MS)
  session.expires_at = ms > 0 and iso(NOW_MS + ms) or nil
  redis.call('SET', KEYS[4], cjson.encode(session))
  for number = 4, 10 do
    if ms > 0 then
      redis.call('PEXPIRE', KEYS[number], integer(ms))
    else
      redis.call('PERSIST', KEYS[number])
    end
  end
  return cjson.encode(session)
end

-- session id, owner, title, language · 11 the owner's sessions
function writes.create()
  if redis.call('EXISTS', KEYS[4]) == 1 then
    refuse('SESSIONTAKEN')
  end
  local session = {
    session_id = args[1], owner = args[2], title = args[3], created_at = iso(NOW_MS), created = integer(NOW),
    last_seq = 0, unfinished = 0, writers = {},
  }
  if args[4] ~= '' then
    session.language = args[4]
  end
  redis.call('SADD', KEYS[11], args[1])
  redis.call('DEL', unpack(KEYS, 5, 10))
  return use(session)
end

function writes.touch()
  return use(living_session())
end

-- As touch, for a task's sake: deleted or not, there or not.
function writes.keep()
  return redis.call('EXISTS', KEYS[4]) == 1 and use(any_session()) or ''
end

-- title
function writes.rename()
  local session = living_session()
  session.title = args[1]
  redis.call('SET', KEYS[4], cjson.encode(session), 'KEEPTTL')
  return cjson.encode(session)
end

function writes.delete()
  local session = living_session()
  session.deleted_at = iso(NOW_MS)
  use(session)
  local line = redis.call('HGETALL', KEYS[2])
  for number = 1, #line, 2 do
    local task = cjson.decode(line[number + 1])
    if task.session_id == session.session_id then
      task.cancel_requested = true
      redis.call('HSET', KEYS[2], line[number], cjson.encode(task))
    end
  end
  publish('line')
  return ''
end

-- owner, '' for anybody
function writes.restore()
  local session = any_session()
  if args[1] ~= '' and session.owner ~= args[1] then
    refuse('NOSESSION')
  end
  session.deleted_at = nil
  return use(session)
end

-- --- events -----------------------------------------------------------------------------------------------------

-- Members of the index: e<task>\0<seq> for each event of a task, d<task>\0<seq> for a piece of code, t\0<seq> for a
-- turn. All have the score 0, so that they lie in the order of their bytes.
local function entry(kind, task_id, seq)
  return kind .. task_id .. '\0' .. string.format('%012.0f', seq)
end

local function of_task(kind, task_id, after, limit)
  local first, last = '[' .. entry(kind, task_id, after + 1), '(' .. kind .. task_id .. '\1'
  return redis.call('ZRANGEBYLEX', KEYS[6], first, last, 'LIMIT', 0, limit)
end

local function seq_of(member)
  return integer(tonumber(string.sub(member, -12)))
end

local function check_fence(task_id, fence)
  local text = redis.call('HGET', KEYS[2], task_id)
  local task = text and cjson.decode(text)
  if not task or task.status ~= 'PROCESSING' or task.fence ~= tonumber(fence) then
    refuse('LEASELOST')
  end
  return task
end

local function add_event(session, task_id, kind, body)
  session.last_seq = session.last_seq + 1
  local seq = integer(session.last_seq)
  redis.call('XADD', KEYS[5], seq .. '-0', 'at', integer(NOW_MS), 'task', task_id, 'body', body)
  if task_id ~= '' then
    redis.call('ZADD', KEYS[6], 0, entry('e', task_id, session.last_seq))
  end
  if kind == 'delta' then
    redis.call('ZADD', KEYS[6], 0, entry('d', task_id, session.last_seq))
  elseif kind == 'turn' then
    redis.call('ZADD', KEYS[6], 0, entry('t', '', session.last_seq))
  elseif kind == 'whole' then
    for _, member in ipairs(of_task('d', task_id, 0, -1)) do
      redis.call('XDEL', KEYS[5], seq_of(member) .. '-0')
      redis.call('ZREM', KEYS[6], member, 'e' .. string.sub(member, 2))
    end
  end
  return seq .. ' ' .. integer(NOW_MS)
end

local function hold_artifacts(from)
  for number = from, #args do
    redis.call('SADD', KEYS[9], args[number])
  end
end

-- Each process that ever wrote is a writer; of very many none but those who write now can still send something again.
local function remember_writer(session, writer, last)
  local count = 0
  for _ in pairs(session.writers) do
    count = count + 1
  end
  if count >= 100 and not session.writers[writer] then
    session.writers = {}
  end
  session.writers[writer] = last
end

-- task, kind (event, delta, whole), body, fence or '', writer, the number of its write, artifacts …
-- A writer sends one event after the other, so what it wrote last is enough to know one that is sent again.
function writes.append()
  local text = redis.call('GET', KEYS[4])
  local session = text and cjson.decode(text)
  local before = session and session.writers[args[5]]
  if before and before.number == args[6] then
    return before.answer
  end
  if args[4] ~= '' then
    check_fence(args[1], args[4])
  end
  if not session then
    refuse('NOSESSION')
  end
  local added = add_event(session, args[1], args[2], args[3])
  remember_writer(session, args[5], {number = args[6], answer = added})
  hold_artifacts(7)
  use(session)
  publish('session:' .. session.session_id)
  return added
end

local function put_entries(page, entries)
  for _, found in ipairs(entries) do
    local fields = found[2]
    page[#page + 1] = string.match(found[1], '^%d+')
    page[#page + 1] = fields[2]
    page[#page + 1] = fields[6]
  end
end

-- after, task or '', limit → when the session was made, the last number; then number, time and body of each event
function reads.read()
  local text = redis.call('GET', KEYS[4])
  if not text then
    return {}
  end
  local session = cjson.decode(text)
  local page = {session.created, integer(session.last_seq)}
  if args[2] == '' then
    put_entries(page, redis.call('XRANGE', KEYS[5], '(' .. args[1] .. '-0', '+', 'COUNT', args[3]))
  else
    for _, member in ipairs(of_task('e', args[2], tonumber(args[1]), args[3])) do
      put_entries(page, redis.call('XRANGE', KEYS[5], seq_of(member) .. '-0', seq_of(member) .. '-0'))
    end
  end
  return page
end

-- → the bodies of the answers, the oldest first
function reads.turns()
  local bodies = {}
  for _, member in ipairs(of_task('t', '', 0, -1)) do
    for _, found in ipairs(redis.call('XRANGE', KEYS[5], seq_of(member) .. '-0', seq_of(member) .. '-0')) do
      bodies[#bodies + 1] = found[2][6]
    end
  end
  return bodies
end
