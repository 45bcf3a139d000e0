# flap_penalty: 1000 for each fall, from 2000 on it is held bad, below 750 it counts again, and half is forgotten in
# 60 s; 240 s at most. Falls at 0 s and 0 s: 2000. 2000 -> 1000 at 60 s, 1000 -> 500 until 120 s; 750 lies in the middle: 90 s.

check script/a flap_penalty=1000:2000:750:60s:240s
router track=script/a
startup
answer script/a good bad good
----
initialize -> initialize (checks_pending)
initialize -> backup (startup)
backup -> fault (check_fault)
fault -> backup (check_recovered)

answer script/a bad good good good
----
backup -> fault (check_fault)

wait 89.999999s
----
ok

wait 1us
----
at 90s
fault -> backup (check_recovered)
