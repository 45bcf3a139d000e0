# min_good 4: good since 12 s, it counts as good from 16 s on. A bad answer in between, at 14 s, begins it anew:
# good since 15 s, and from 19 s on.

check script/a min_good=4s
router track=script/a
startup
answer script/a bad
wait 12s
answer script/a good
wait 2s
answer script/a bad
wait 1s
answer script/a good
wait 3.999999s
----
initialize -> initialize (checks_pending)
initialize -> fault (check_fault)

wait 1us
----
at 19s
fault -> backup (check_recovered)
