-- The line of tasks: who may run what, and until when. A task that has not ended is in the line; its session has its
-- question and, once it has ended, its last state.

local function each_in_line(look)
  local line = redis.call('HGETALL', KEYS[2])
  for number = 2, #line, 2 do
    look(cjson.decode(line[number]))
  end
end

local function put(task)
  redis.call('HSET', KEYS[2], task.task_id, cjson.encode(task))
end

-- task, owner, question, runner, lease in milliseconds, '1' when it outlives its runner, most that may wait,
-- '1' when it is to be cancelled, count of events, three for each (task, kind, body), artifacts …
-- 11 session of each task · 12 all tasks · 13 the owner's tasks · 14 the last position
function writes.submit()
  local session = living_session()
  if session.unfinished > tonumber(args[7]) then
    refuse('LINEFULL')
  elseif redis.call('HEXISTS', KEYS[11], args[1]) == 1 then
    refuse('TASKTAKEN')
  end
  local position = redis.call('INCR', KEYS[14])
  local task = {
    task_id = args[1], session_id = session.session_id, owner = args[2], status = 'PENDING', runner = args[4],
    created_at = iso(NOW_MS), lease_until = NOW_MS + tonumber(args[5]), fence = 0, position = position,
    cancel_requested = args[8] == '1', outlives_runner = args[6] == '1',
  }
  local member = session.session_id .. ' ' .. task.task_id
  redis.call('HSET', KEYS[7], 'm:' .. task.task_id, cjson.encode(task), 'q:' .. task.task_id, args[3])
  redis.call('HSET', KEYS[11], task.task_id, session.session_id)
  redis.call('ZADD', KEYS[12], position, member)
  redis.call('ZADD', KEYS[13], position, member)
  put(task)
  session.unfinished = session.unfinished + 1
  local events = tonumber(args[9])
  for number = 10, 9 + 3 * events, 3 do
    add_event(session, args[number], args[number + 1], args[number + 2])
  end
  hold_artifacts(10 + 3 * events)
  use(session)
  publish('session:' .. session.session_id)
  publish('line')
  return cjson.encode(task)
end

local function withdrawn(task)
  return task.status == 'PENDING' and task.cancel_requested
end

-- Among what may be claimed: what is only to be ended, then by what the owner has running and when they were last
-- served, then by age.
local function goes_first(one, other)
  for number = 1, #one do
    if one[number] ~= other[number] then
      return one[number] < other[number]
    end
  end
  return false
end

-- runner, lease in milliseconds, task or '', '1' to take over
function writes.claim()
  local tasks, first, running = {}, {}, {}
  each_in_line(function(task)
    tasks[#tasks + 1] = task
    if not withdrawn(task) then
      first[task.session_id] = math.min(first[task.session_id] or task.position, task.position)
    end
    if task.status == 'PROCESSING' then
      running[task.owner] = (running[task.owner] or 0) + 1
    end
  end)
  local best, rank
  for _, task in ipairs(tasks) do
    local mine = task.status == 'PENDING' and (task.runner == '' or task.runner == args[1])
    local left = args[4] == '1' and task.lease_until < NOW_MS and task.runner ~= args[1]
    local turn = withdrawn(task) or first[task.session_id] == task.position
    if (args[3] == '' or task.task_id == args[3]) and (mine or left) and turn then
      local served = tonumber(redis.call('HGET', KEYS[3], task.owner) or 0)
      local place = {withdrawn(task) and 0 or 1, running[task.owner] or 0, served, task.position}
      if not best or goes_first(place, rank) then
        best, rank = task, place
      end
    end
  end
  if not best then
    return ''
  end
  best.status, best.runner, best.fence = 'PROCESSING', args[1], best.fence + 1
  best.lease_until = NOW_MS + tonumber(args[2])
  put(best)
  redis.call('HSET', KEYS[3], best.owner, integer(NOW))
  publish('line')
  return cjson.encode(best)
end

-- task, fence, lease in milliseconds
function writes.renew()
  local task = check_fence(args[1], args[2])
  use(any_session())
  task.lease_until = NOW_MS + tonumber(args[3])
  put(task)
  return cjson.encode(task)
end

-- runner, lease in milliseconds → the sessions of what waits
function writes.renew_waiting()
  local sessions = {}
  each_in_line(function(task)
    if task.runner == args[1] and task.status == 'PENDING' then
      task.lease_until = NOW_MS + tonumber(args[2])
      put(task)
      sessions[#sessions + 1] = task.session_id
    end
  end)
  return table.concat(sessions, ' ')
end

-- runner → how many
function writes.abandon()
  local count = 0
  each_in_line(function(task)
    if task.runner == args[1] then
      task.lease_until = 0
      put(task)
      count = count + 1
    end
  end)
  if count > 0 then
    publish('line')
  end
  return integer(count)
end

-- task
function writes.request_cancel()
  local kept = redis.call('HGET', KEYS[7], 'm:' .. args[1]) or refuse('NOTASK')
  local text = redis.call('HGET', KEYS[2], args[1])
  if not text then
    return kept
  end
  local task = cjson.decode(text)
  if not task.cancel_requested then
    task.cancel_requested = true
    put(task)
    publish('line')
  end
  return cjson.encode(task)
end

-- task, fence, kind (turn, result), body, status, artifacts …
function writes.finish()
  local task, session = check_fence(args[1], args[2]), any_session()
  local added = add_event(session, args[1], args[3], args[4])
  task.status, task.result_seq = args[5], session.last_seq
  redis.call('HSET', KEYS[7], 'm:' .. task.task_id, cjson.encode(task))
  hold_artifacts(6)
  session.unfinished = session.unfinished - 1
  use(session)
  redis.call('HDEL', KEYS[2], task.task_id)
  publish('session:' .. session.session_id)
  publish('line')
  return added
end

-- task: takes it out of the line when its session is gone
function writes.drop()
  if redis.call('HEXISTS', KEYS[7], 'm:' .. args[1]) == 0 and redis.call('HDEL', KEYS[2], args[1]) == 1 then
    publish('line')
  end
  return ''
end

-- task → the body of its result, or nothing
function reads.result()
  local text = redis.call('HGET', KEYS[7], 'm:' .. args[1])
  local seq = text and cjson.decode(text).result_seq
  if not seq then
    return false
  end
  local found = redis.call('XRANGE', KEYS[5], integer(seq) .. '-0', integer(seq) .. '-0')[1]
  return found and found[2][6] or false
end
