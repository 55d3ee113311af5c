-- name: due
select v.run, v.channel, v.nonce, v.wanted, v.known, v.tries from views v
where v.channel = %(channel)s and v.shown < v.wanted and v.due_at <= %(now)s order by v.due_at, v.run, v.channel limit %(limit)s

-- name: one
select run, channel, nonce, wanted, shown, known, tries from views where run = %(run)s and channel = %(channel)s

-- name: by_nonce
select run, channel, nonce, wanted, shown, known, tries from views where nonce = %(nonce)s

-- name: heard_from
-- The requests that still wait and were shown in a channel which is asked for its answers.
select v.run, v.channel, v.nonce, v.wanted, v.known, v.tries from views v join approvals a on a.run = v.run
where v.channel = %(channel)s and v.known is not null and a.state = 'pending' order by a.requested_at, v.run

-- name: heard
update views set heard_at = greatest(heard_at, %(at)s) where run = %(run)s and channel = %(channel)s

-- name: unheard
select channel from views where run = %(run)s and known is not null and (heard_at is null or heard_at < %(until)s)
order by channel

-- name: known
update views set known = %(known)s where run = %(run)s and channel = %(channel)s

-- name: shown
update views set shown = greatest(shown, %(revision)s), tries = 0, failed = null
where run = %(run)s and channel = %(channel)s

-- name: put_off
update views set due_at = %(until)s, tries = tries + 1, failed = %(failed)s where run = %(run)s and channel = %(channel)s

-- name: failed
update views set failed = %(failed)s where run = %(run)s and channel = %(channel)s

-- name: of_run
select channel, wanted, shown, known is not null as posted, tries, failed from views where run = %(run)s order by channel

-- name: unposted
select v.run, v.channel, a.model, a.requested_at, a.expires_at from views v join approvals a on a.run = v.run
where v.channel = %(channel)s and v.known is null and a.state = 'pending' order by a.requested_at, v.run

-- name: posted
select count(*) as waiting from views v join approvals a on a.run = v.run
where v.channel = %(channel)s and v.known is not null and a.state = 'pending'

-- name: add_line
insert into lines (id, run, channel, text, call, due_at)
values (%(id)s, %(run)s, %(channel)s, %(text)s, %(call)s, %(due)s) on conflict (id) do nothing

-- name: due_lines
select l.id, l.run, l.channel, l.text, l.call, l.tries, v.known from lines l
left join views v on v.run = l.run and v.channel = l.channel
where l.channel = %(channel)s and l.sent_at is null and l.due_at <= %(now)s and (l.run is null or v.known is not null)
order by l.due_at, l.id limit %(limit)s

-- name: known_lines
select id from lines where id = any(%(ids)s::uuid[])

-- name: lines_of
select channel, text, due_at, sent_at, failed from lines where run = %(run)s order by due_at, channel, id

-- name: line_sent
update lines set sent_at = %(now)s, failed = null where id = %(id)s

-- name: put_off_line
update lines set due_at = %(until)s, tries = tries + 1, failed = %(failed)s where id = %(id)s

-- name: drop_line
update lines set sent_at = %(now)s, failed = %(failed)s where id = %(id)s

-- name: reminded
-- Counts a reminder only once, whoever thinks of it.
update approvals set reminded = %(reminded)s where run = %(run)s and state = 'pending' and reminded < %(reminded)s

-- name: escalated
update approvals set escalated = true where run = %(run)s and state = 'pending' and not escalated

-- name: pending
-- Every request that waits, oldest first, with what was done to have it answered.
select run, model, reminded, escalated, requested_at, expires_at from approvals where state = 'pending'
order by requested_at, run
